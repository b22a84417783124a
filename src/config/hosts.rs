//! The hosts of `fleet`: as they are typed, and as `fleet.toml` lists them.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::instances;
use super::problem::printable;
use super::values::InstanceUrl;

/// Where an agent, or the monitor of one service, listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Url(InstanceUrl),
    Socket(PathBuf),
}

impl Address {
    /// Reads `https://deploy-1:9710`, or the path of a socket.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            let url = instances::base(text).map_err(|why| why.to_string())?;
            return match () {
                () if url.credentials().is_some() => {
                    Err("credentials are not allowed in this URL: use a token".to_owned())
                }
                () if url.is_in_the_clear() => {
                    Err("the token would cross the network unencrypted: use https".to_owned())
                }
                () => Ok(Self::Url(url)),
            };
        }
        let is_path = text.contains('/') || Path::new(text).extension().is_some_and(|end| end == "sock");
        if is_path { Ok(Self::Socket(text.into())) } else { Err("neither a URL nor the path of a socket".to_owned()) }
    }

    fn within(self, folder: &Path) -> Self {
        match self {
            Self::Socket(path) => Self::Socket(folder.join(path)),
            url @ Self::Url(_) => url,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(&url.host_port()),
            Self::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub address: Address,
    /// The file with its token, where it is not that of all others.
    pub token_file: Option<PathBuf>,
}

/// What `fleet.toml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    pub list: Vec<Host>,
    /// For hosts without a token file of their own.
    pub token_file: Option<PathBuf>,
    /// Authorities (PEM) to trust instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// A client certificate (PEM) and its private key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    #[serde(default)]
    agent: Vec<Agent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agent {
    url: Option<String>,
    socket: Option<String>,
    token_file: Option<PathBuf>,
}

impl Hosts {
    /// Reads the file; paths in it are relative to its folder.
    pub fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let about = |what: String| format!("`{}`: {what}", path.display());
        let file: Content = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            about(format!("{line}{}", error.message().trim()))
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let within = |path: Option<PathBuf>| path.map(|path| folder.join(path));
        let identity = match (within(file.client_certificate), within(file.client_key)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(about("`client_certificate` and `client_key` are set together or not at all".to_owned())),
        };
        let mut hosts: Vec<Host> = Vec::new();
        for (at, Agent { url, socket, token_file }) in file.agent.into_iter().enumerate() {
            let which = format!("[[agent]] number {}", at + 1);
            let given = match (url, socket) {
                (Some(url), None) if url.contains("://") => url,
                (Some(url), None) => {
                    let what = format!("{which}: `{}` is not a URL, such as `https://deploy-1:9710`", printable(&url));
                    return Err(about(what));
                }
                // A name alone is one in the same folder.
                (None, Some(socket)) => {
                    if socket.contains('/') {
                        socket
                    } else {
                        format!("./{socket}")
                    }
                }
                _ => return Err(about(format!("{which} has either a `url` or a `socket`"))),
            };
            let address = Address::parse(&given).map_err(|why| about(format!("{which}: {why}")))?.within(folder);
            if hosts.iter().any(|known| known.address == address) {
                return Err(about(format!("{which}: {address} is listed twice")));
            }
            hosts.push(Host { address, token_file: within(token_file) });
        }
        let (token_file, ca_file) = (within(file.token_file), within(file.ca_file));
        Ok(Self { list: hosts, token_file, ca_file, identity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Hosts, String> {
        Hosts::parse(Path::new("/etc/switchback/fleet.toml"), text)
    }

    #[test]
    fn agents_are_listed_by_url_and_by_socket_and_paths_are_those_of_the_file() {
        let text = "ca_file = \"ca.pem\"\ntoken_file = \"/run/token\"\n[[agent]]\nurl = \"https://deploy-1:9710\"\n\
                    token_file = \"one.token\"\n[[agent]]\nsocket = \"/run/switchback/agent.sock\"\n\
                    [[agent]]\nsocket = \"shop/control.sock\"\n";
        let hosts = read(text).unwrap();
        assert_eq!(hosts.ca_file, Some("/etc/switchback/ca.pem".into()));
        assert_eq!(hosts.token_file, Some("/run/token".into()));
        let told = |host: &Host| (host.address.to_string(), host.token_file.clone());
        assert_eq!(
            hosts.list.iter().map(told).collect::<Vec<_>>(),
            [
                ("deploy-1:9710".to_owned(), Some("/etc/switchback/one.token".into())),
                ("/run/switchback/agent.sock".to_owned(), None),
                ("/etc/switchback/shop/control.sock".to_owned(), None),
            ]
        );
        assert_eq!(read("").unwrap(), Hosts::default());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, why) in [
            ("[[agent]]\nurls = \"x\"\n", "line 2: unknown field `urls`"),
            ("[[agent]]\ntoken_file = \"x\"\n", "[[agent]] number 1 has either a `url` or a `socket`"),
            ("[[agent]]\nurl = \"https://a:1\"\nsocket = \"s\"\n", "number 1 has either"),
            ("[[agent]]\nurl = \"deploy-1:9710\"\n", "`deploy-1:9710` is not a URL"),
            ("[[agent]]\nurl = \"ftp://a:1\"\n", "[[agent]] number 1: "),
            (
                "[[agent]]\nsocket = \"s\"\n[[agent]]\nsocket = \"s\"\n",
                "[[agent]] number 2: /etc/switchback/./s is listed",
            ),
            ("client_key = \"k\"\n", "`client_certificate` and `client_key` are set together"),
            ("[[agent]\n", "line 1: "),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(why) && told.contains("fleet.toml"), "{told}");
        }
    }

    #[test]
    fn an_argument_is_a_url_or_a_path() {
        for (text, shown) in
            [("https://deploy-1:9710", "deploy-1:9710"), ("/run/a.sock", "/run/a.sock"), ("a.sock", "a.sock")]
        {
            assert_eq!(Address::parse(text).unwrap().to_string(), shown);
        }
        for (text, why) in [
            ("deploy-1", "neither a URL nor the path of a socket"),
            ("http://deploy-1:9710", "the token would cross the network unencrypted: use https"),
            ("https://ana:hunter2@deploy-1:9710", "credentials are not allowed in this URL: use a token"),
        ] {
            assert_eq!(Address::parse(text).unwrap_err(), why);
        }
    }
}
