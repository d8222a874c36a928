import { type SteeredTool, tool } from './tool.ts';

/** Build tools and task runners. */
export const buildTools: readonly SteeredTool[] = [
  tool(
    'make',
    'www.gnu.org/software/make/manual/html_node/Makefile-Names.html',
    'makefile gnumakefile bsdmakefile makefile.* *.mk *.mak',
  ),
  tool(
    'autotools',
    'www.gnu.org/software/automake/manual/html_node/index.html',
    'configure configure.ac configure.in autogen.sh *.m4',
  ),
  tool(
    'cmake',
    'cmake.org/cmake/help/latest/manual/cmake-language.7.html',
    'cmakelists.txt *.cmake cmakepresets.json cmakeuserpresets.json',
  ),
  tool('ninja', 'ninja-build.org/manual.html', '*.ninja'),
  tool(
    'meson',
    'mesonbuild.com/Build-options.html',
    'meson.build meson_options.txt meson.options subprojects/*.wrap',
  ),
  tool(
    'bazel',
    'bazel.build/concepts/build-files',
    `build build.bazel workspace workspace.bazel workspace.bzlmod module.bazel module.bazel.lock *.module.bazel repo.bazel
     vendor.bazel *.bzl *.bazelrc .bazelversion .bazelignore .bazeliskrc tools/bazel`,
  ),
  tool(
    'buck',
    'buck2.build/docs/concepts/key_concepts',
    'buck buck.v2 targets .buckconfig* .buckconfig.d/**',
  ),
  tool(
    'pants',
    'www.pantsbuild.org/stable/docs/using-pants/key-concepts',
    'pants.toml pants.*.toml .pants.rc build build.pants',
  ),
  tool('just', 'just.systems/man/en', 'justfile .justfile *.just'),
  tool('task', 'taskfile.dev/docs/guide', 'taskfile.* .taskrc*'),
  tool('rake', 'ruby.github.io/rake/doc/rakefile_rdoc.html', 'rakefile rakefile.rb *.rake rakelib/**'),
  tool(
    'scons',
    'scons.org/doc/production/HTML/scons-man.html',
    'sconstruct sconstruct.py sconscript sconscript.py site_scons/**',
  ),
  tool('waf', 'waf.io/book', 'wscript wscript_build waf'),
  tool(
    'gradle',
    'docs.gradle.org/current/userguide/directory_layout.html',
    `*.gradle *.gradle.kts *.gradle.dcl gradle.properties gradlew gradlew.bat gradle.lockfile gradle/wrapper/** gradle/*.toml
     gradle/*.properties gradle/verification-metadata.xml buildsrc/**`,
  ),
  tool('maven', 'maven.apache.org/configure.html', 'pom.xml *.pom .mvn/** mvnw mvnw.cmd'),
  tool(
    'ant',
    'ant.apache.org/manual/using.html',
    'build.xml build.properties ivy.xml ivysettings.xml .antrc',
  ),
  tool(
    'sbt',
    'www.scala-sbt.org/1.x/docs/Directories.html',
    '*.sbt project/build.properties project/*.scala .sbtopts .jvmopts .scalafix.conf .scalafmt.conf',
  ),
  tool(
    'mill',
    'mill-build.org/mill/cli/installation-ide.html',
    'build.sc build.mill build.mill.* package.mill .mill-version .mill-jvm-opts',
  ),
  tool(
    'clojure',
    'clojure.org/reference/deps_edn',
    'deps.edn bb.edn project.clj build.boot shadow-cljs.edn tests.edn',
  ),
  tool('nix', 'nix.dev/manual/nix/latest/command-ref/new-cli/nix3-flake.html', '*.nix flake.lock'),
  tool('earthly', 'docs.earthly.dev/docs/earthfile', 'earthfile .earthlyignore'),
  tool('mage', 'magefile.org/magefiles', 'magefile.go magefiles/**'),
  tool(
    'invoke',
    'docs.pyinvoke.org/en/stable/concepts/loading.html',
    'tasks.py invoke.yaml invoke.yml invoke.json invoke.py fabfile.py',
  ),
  tool('doit', 'pydoit.org/cmd-run.html', 'dodo.py doit.cfg'),
  tool('gulp', 'gulpjs.com/docs/en/getting-started/javascript-and-gulpfiles', 'gulpfile.* .gulp.*'),
  tool('grunt', 'gruntjs.com/sample-gruntfile', 'gruntfile.*'),
  tool('webpack', 'webpack.js.org/configuration', 'webpack.* webpackfile.*'),
  tool('rollup', 'rollupjs.org/command-line-interface', 'rollup.config.*'),
  tool('vite', 'vite.dev/config', 'vite.config.*'),
  tool('parcel', 'parceljs.org/features/plugins', '.parcelrc'),
  tool(
    'esbuild',
    'esbuild.github.io/api',
    'esbuild.config.* esbuild.js esbuild.mjs tsup.config.* tsdown.config.* rolldown.config.* rspack.config.* rsbuild.config.*',
  ),
  tool('babel', 'babeljs.io/docs/config-files', 'babel.config.* .babelrc* .browserslistrc'),
  tool('swc', 'swc.rs/docs/configuration/swcrc', '.swcrc *.swcrc'),
  tool('postcss', 'github.com/postcss/postcss-load-config', 'postcss.config.* .postcssrc*'),
  tool('turbo', 'turborepo.com/docs/reference/configuration', 'turbo.json turbo.jsonc'),
  tool('nx', 'nx.dev/reference/nx-json', 'nx.json .nxignore project.json workspace.json .nx/**'),
  tool('lerna', 'lerna.js.org/docs/configuration', 'lerna.json'),
  tool('rush', 'rushjs.io/pages/configs/rush_json', 'rush.json common/config/rush/**'),
  tool('moon', 'moonrepo.dev/docs/config', '.moon/** moon.yml moon.pkl'),
  tool('angular', 'angular.dev/reference/configs/workspace-config', 'angular.json'),
  tool('next', 'nextjs.org/docs/app/api-reference/config/next-config-js', 'next.config.*'),
  tool('nuxt', 'nuxt.com/docs/guide/directory-structure/nuxt-config', 'nuxt.config.*'),
  tool('svelte', 'svelte.dev/docs/kit/configuration', 'svelte.config.*'),
  tool('astro', 'docs.astro.build/en/reference/configuration-reference', 'astro.config.*'),
  tool('metro', 'metrobundler.dev/docs/configuration', 'metro.config.*'),
  tool(
    'xcode',
    'developer.apple.com/documentation/xcode/build-system',
    '*.xcodeproj/** *.xcworkspace/** *.xcconfig *.xctestplan podfile podfile.lock cartfile* fastlane/**',
  ),
];
