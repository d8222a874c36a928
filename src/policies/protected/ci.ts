import { type SteeredTool, tool } from './tool.ts';

/** Hosts of continuous integration, releases, deployment, containers. */
export const ciTools: readonly SteeredTool[] = [
  tool(
    'github',
    'docs.github.com/actions/reference/workflows-and-actions/workflow-syntax',
    '.github/** codeowners action.yml action.yaml .actrc',
  ),
  tool('gitlab', 'docs.gitlab.com/ci/yaml', '.gitlab-ci* .gitlab/** *.gitlab-ci.yml'),
  tool('circleci', 'circleci.com/docs/configuration-reference', '.circleci/** circle.yml'),
  tool('travis', 'docs.travis-ci.com/user/customizing-the-build', '.travis.yml .travis/**'),
  tool(
    'jenkins',
    'www.jenkins.io/doc/book/pipeline/jenkinsfile',
    'jenkinsfile jenkinsfile.* *.jenkinsfile .jenkins/**',
  ),
  tool(
    'azure-pipelines',
    'learn.microsoft.com/azure/devops/pipelines/yaml-schema',
    'azure-pipelines* .azure-pipelines/** .azuredevops/** .azure/**',
  ),
  tool(
    'bitbucket',
    'support.atlassian.com/bitbucket-cloud/docs/configure-bitbucket-pipelinesyml',
    'bitbucket-pipelines.yml .bitbucket/**',
  ),
  tool('drone', 'docs.drone.io/pipeline/overview', '.drone.* .drone/**'),
  tool('woodpecker', 'woodpecker-ci.org/docs/usage/workflows', '.woodpecker.* .woodpecker/**'),
  tool('buildkite', 'buildkite.com/docs/pipelines/configure/defining-steps', '.buildkite/** buildkite.y*ml'),
  tool('appveyor', 'www.appveyor.com/docs/appveyor-yml', 'appveyor.yml .appveyor.yml .appveyor/**'),
  tool('cirrus', 'cirrus-ci.org/guide/writing-tasks', '.cirrus.* .cirrus/**'),
  tool(
    'teamcity',
    'www.jetbrains.com/help/teamcity/storing-project-settings-in-version-control.html',
    '.teamcity/** .space.kts',
  ),
  tool('semaphore', 'docs.semaphore.io/reference/pipeline-yaml', '.semaphore/**'),
  tool('gitea', 'docs.gitea.com/usage/actions/overview', '.gitea/** .forgejo/**'),
  tool('sourcehut', 'man.sr.ht/builds.sr.ht/manifest.md', '.build.yml .builds/**'),
  tool('bamboo', 'docs.atlassian.com/bamboo-specs-docs', 'bamboo-specs/** bamboo.y*ml'),
  tool(
    'codefresh',
    'codefresh.io/docs/docs/pipelines/what-is-the-codefresh-yaml',
    'codefresh.yml .codefresh/** wercker.yml screwdriver.yaml codemagic.yaml bitrise.yml',
  ),
  tool(
    'cloudbuild',
    'docs.cloud.google.com/build/docs/build-config-file-schema',
    'cloudbuild*.yaml cloudbuild*.yml cloudbuild*.json .gcloudignore',
  ),
  tool(
    'codebuild',
    'docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html',
    'buildspec*.yml buildspec*.yaml appspec.y*ml amplify.yml',
  ),
  tool('tekton', 'tekton.dev/docs/pipelines', '.tekton/** .prow* .prow/** .ci-operator.yaml'),
  tool(
    'zuul',
    'zuul-ci.org/docs/zuul/latest/project-config.html',
    'zuul.yaml .zuul.yaml zuul.d/** .zuul.d/** .packit.y*ml packit.y*ml .packit/**',
  ),
  { name: 'ci', docs: 'a folder by convention, of no one host', files: ['.ci/**', '.ci.yml', '.ci.yaml'] },
  tool(
    'renovate',
    'docs.renovatebot.com/configuration-options',
    'renovate.json* renovate.config.* .renovaterc* dependabot.y*ml',
  ),
  tool(
    'mergify',
    'docs.mergify.com/configuration/file-format',
    '.mergify.yml .mergify/** .kodiak.toml .bulldozer.yml .policy.yml bors.toml',
  ),
  tool(
    'release',
    'semantic-release.gitbook.io/semantic-release/usage/configuration',
    '.releaserc* release.config.* release-please-config.json .release-please-manifest.json .goreleaser.* .release-it.* .changeset/config.json cliff.toml',
  ),
  tool(
    'hosting',
    'docs.netlify.com/build/configure-builds/file-based-configuration',
    'netlify.toml vercel.json render.yaml fly.toml wrangler.* app.yaml procfile railway.* heroku.yml .platform.app.yaml .readthedocs.y*ml',
  ),
  tool(
    'docker',
    'docs.docker.com/reference/dockerfile',
    'dockerfile dockerfile.* *.dockerfile containerfile containerfile.* .dockerignore *.dockerignore .containerignore docker-bake.*',
  ),
  tool(
    'compose',
    'docs.docker.com/compose/intro/compose-application-model',
    'compose.y*ml compose.*.y*ml docker-compose*.y*ml podman-compose*.y*ml',
  ),
  tool(
    'devcontainer',
    'containers.dev/implementors/spec',
    '.devcontainer/** .devcontainer.json .gitpod.* .gitpod/**',
  ),
  tool('vagrant', 'developer.hashicorp.com/vagrant/docs/vagrantfile', 'vagrantfile'),
  tool(
    'skaffold',
    'skaffold.dev/docs/references/yaml',
    'skaffold*.y*ml tiltfile helmfile.y*ml garden.y*ml devspace.y*ml',
  ),
];
