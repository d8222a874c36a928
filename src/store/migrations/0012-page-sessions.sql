-- Codes that `andon open` hands to a browser: by their hash alone, for one use, for a minute, at one origin.
create table page_codes (
  hash text primary key,
  -- hash of the first characters, which a person may type
  typed text not null,
  project text not null,
  gid text not null,
  agent text not null,
  -- the unsigned claims of the token that asked, and the key that signed it
  claims jsonb not null,
  kid text not null,
  origin text not null,
  -- true for an origin that the person named: a tunnel ends there, and no address of a gateway
  tunnel boolean not null,
  read_only boolean not null,
  life_seconds int not null,
  expires_at timestamptz not null,
  tries int not null default 0,
  used_at timestamptz
);
create index page_codes_typed on page_codes (typed);

-- Sessions of browsers: the hash of the cookie and the public half of the key of the page. Every gateway can check both.
create table page_sessions (
  id text primary key,
  cookie text not null unique,
  public_key jsonb not null,
  project text not null,
  gid text not null,
  jti text not null,
  agent text not null,
  claims jsonb not null,
  kid text not null,
  origin text not null,
  tunnel boolean not null,
  read_only boolean not null,
  created_at timestamptz not null default andon_now(),
  seen_at timestamptz not null default andon_now(),
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index page_sessions_gid on page_sessions (gid);
