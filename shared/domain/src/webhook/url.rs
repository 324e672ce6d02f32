use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::is_public;

/// An address deliveries may go to, as far as its text tells. What its name leads to is looked at when a connection is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookUrl(String);

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlDefect {
    /// Not `https://name[:port]/path`, or too long.
    #[error("not an address")]
    Malformed,
    /// Not encrypted.
    #[error("not https")]
    NotHttps,
    /// User name or password in it, or a fragment.
    #[error("user, password or fragment in it")]
    Credentials,
    /// A port other than 443 and those from 1024 on.
    #[error("port not taken")]
    Port,
    /// An address inside a network.
    #[error("not public")]
    NotPublic,
}

/// Hosts that a deployment trusts although they are not public, and without encryption: receivers of a test, or within the
/// network the service itself stands in. None unless configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedHosts(Vec<(String, Option<u16>)>);

impl AllowedHosts {
    /// From `host` or `host:port`, divided by commas.
    pub fn parse(text: &str) -> Self {
        let hosts = text
            .split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty());
        let parts = hosts.map(|host| match host.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
                match port.parse() {
                    Ok(port) => (name.to_lowercase(), Some(port)),
                    Err(_) => (host.to_lowercase(), None),
                }
            }
            _ => (host.to_lowercase(), None),
        });
        Self(parts.collect())
    }

    /// Whether this host is one of them.
    pub fn permits(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|(name, only)| {
            name.eq_ignore_ascii_case(host) && only.is_none_or(|only| only == port)
        })
    }
}

impl WebhookUrl {
    /// Characters of an address.
    pub const LETTERS: usize = 500;

    /// Reads an address that somebody typed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, allowed: &AllowedHosts) -> Result<Self, UrlDefect> {
        let text = text.trim();
        let plain = |letter: u8| letter.is_ascii_graphic() && !br#"\"<>^`{|}"#.contains(&letter);
        if text.len() > Self::LETTERS || !text.bytes().all(plain) {
            return Err(UrlDefect::Malformed);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlDefect::Malformed)?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(UrlDefect::NotHttps),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') || path.contains('#') {
            return Err(UrlDefect::Credentials);
        }
        let (host, port) = parts(authority)?;
        let port = port.unwrap_or(if is_https { 443 } else { 80 });
        if !allowed.permits(host, port) {
            if !is_https {
                return Err(UrlDefect::NotHttps);
            }
            if port != 443 && port < 1024 {
                return Err(UrlDefect::Port);
            }
            if !may_be_public(host) {
                return Err(UrlDefect::NotPublic);
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Host and port; an IPv6 address keeps its brackets.
fn parts(authority: &str) -> Result<(&str, Option<u16>), UrlDefect> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port = match port.map(str::parse) {
        None => None,
        Some(Ok(port)) => Some(port),
        Some(Err(_)) => return Err(UrlDefect::Malformed),
    };
    let is_name = |host: &str| {
        let letters = host
            .bytes()
            .all(|letter| letter.is_ascii_alphanumeric() || b"-.".contains(&letter));
        letters && !host.is_empty() && !host.starts_with(['-', '.']) && host.len() <= 253
    };
    let is_host = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_name(host),
    };
    if is_host {
        Ok((host, port))
    } else {
        Err(UrlDefect::Malformed)
    }
}

/// An address must be public; a name has to have a domain, and none that is kept for networks of one's own.
fn may_be_public(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return is_public(address);
    }
    let host = host.trim_end_matches('.').to_lowercase();
    let own = ["localhost", "local", "internal", "lan", "home", "arpa"];
    match host.rsplit_once('.') {
        // `2130706433` and `0x7f.1` are addresses to some.
        Some((_, top)) => !own.contains(&top) && top.bytes().any(|b| b.is_ascii_alphabetic()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defect(text: &str) -> Option<UrlDefect> {
        WebhookUrl::parse(text, &AllowedHosts::default()).err()
    }

    #[test]
    fn an_address_of_the_public_network_is_taken() {
        for good in [
            "https://his.example.org/flu?key=1",
            " https://his.example.org ",
            "https://his.example.org:8443/",
            "https://1.1.1.1/",
            "https://[2400:3200::1]:8443/a",
        ] {
            assert_eq!(defect(good), None, "{good}");
        }
    }

    #[test]
    fn whatever_leads_inside_or_is_not_encrypted_is_refused() {
        use UrlDefect::{Credentials, Malformed, NotHttps, NotPublic, Port};
        for (text, wrong) in [
            ("", Malformed),
            ("his.example.org", Malformed),
            ("https://", Malformed),
            ("https://医院.cn/", Malformed),
            ("https://a b/", Malformed),
            ("https://a.org:x/", Malformed),
            ("https://::1/", Malformed),
            (r"https://a.org\@127.0.0.1/", Malformed),
            ("http://his.example.org/", NotHttps),
            ("ftp://his.example.org/", NotHttps),
            ("file:///etc/passwd", NotHttps),
            ("https://user:word@his.example.org/", Credentials),
            ("https://his.example.org/#a", Credentials),
            ("https://his.example.org:22/", Port),
            ("https://localhost/", NotPublic),
            ("https://a.localhost/", NotPublic),
            ("https://his/", NotPublic),
            ("https://his.internal/", NotPublic),
            ("https://127.0.0.1/", NotPublic),
            ("https://127.1/", NotPublic),
            ("https://2130706433/", NotPublic),
            ("https://0x7f000001/", NotPublic),
            ("https://169.254.169.254/latest/meta-data", NotPublic),
            ("https://[::1]/", NotPublic),
            ("https://[::ffff:10.0.0.1]/", NotPublic),
            ("https://[fd00:ec2::254]/", NotPublic),
        ] {
            assert_eq!(defect(text), Some(wrong), "{text}");
        }
        let long = format!("https://a.org/{}", "a".repeat(WebhookUrl::LETTERS));
        assert_eq!(defect(&long), Some(Malformed));
    }

    #[test]
    fn a_deployment_may_allow_what_it_knows() {
        let allowed = AllowedHosts::parse("127.0.0.1:8080, HIS.internal,[::1]:9");
        let taken = |text: &str| WebhookUrl::parse(text, &allowed).is_ok();
        assert!(taken("http://127.0.0.1:8080/a") && taken("http://his.internal/"));
        assert!(taken("https://his.internal:22/") && taken("http://[::1]:9/"));
        assert!(!taken("http://127.0.0.1:8081/") && !taken("http://[::1]/"));
    }
}
