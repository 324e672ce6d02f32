//! What the program signs in with: a file only its owner may read.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::problem::Problem;

/// Login name and secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    pub(crate) login: String,
    pub(crate) secret: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Credential({})", self.login)
    }
}

impl Credential {
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Problem::new(
                "尚未保存登录凭据，请先运行 front-end-machine init",
                "there is no credential yet; run front-end-machine init first",
            ),
            _ => Problem::path(path, &error),
        })?;
        refuse_if_open(path)?;
        toml::from_str(&text).map_err(|_| {
            // The parser's words would quote the secret.
            Problem::new(
                format!(
                    "凭据文件 {} 已损坏，请重新运行 front-end-machine init",
                    path.display()
                ),
                format!(
                    "the credential file {} is damaged; run front-end-machine init again",
                    path.display()
                ),
            )
        })
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Problem> {
        let text = toml::to_string(self)
            .map_err(|error| Problem::new(error.to_string(), error.to_string()))?;
        durable::write_secret(path, text.as_bytes()).map_err(|error| Problem::path(path, &error))
    }
}

/// A secret that others on the machine can read is none. On Windows the file has the rights of its folder, which `init` takes from
/// everybody else; looking them up again needs an interface that only unsafe code can call.
fn refuse_if_open(path: &Path) -> Result<(), Problem> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)
            .map_err(|error| Problem::path(path, &error))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            let path = path.display();
            return Err(Problem::new(
                format!("其他用户可以读取凭据文件 {path}，请运行 chmod 600 {path}"),
                format!("others may read the credential file {path}; run chmod 600 {path}"),
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The secret as somebody types it, or as a file or another program gives it; never from the command line, where everybody on
/// the machine could read it.
pub(crate) fn ask(file: Option<&Path>, prompt: &str) -> Result<String, Problem> {
    let failed = |error: &io::Error| {
        Problem::new(
            format!("未能读取密码：{error}"),
            format!("the password could not be read: {error}"),
        )
    };
    let secret = if let Some(file) = file {
        fs::read_to_string(file).map_err(|error| Problem::path(file, &error))?
    } else if io::stdin().is_terminal() {
        rpassword::prompt_password(prompt).map_err(|error| failed(&error))?
    } else {
        let mut line = String::new();
        io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| failed(&error))?;
        line
    };
    let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
    if secret.is_empty() {
        return Err(Problem::new(
            "密码不能为空",
            "the password must not be empty",
        ));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn one_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credential.toml");
        let credential = Credential {
            login: "machine-a".into(),
            secret: "s\"e'c".into(),
        };
        credential.write(&path).unwrap();
        assert_eq!(Credential::read(&path).unwrap(), credential);
        assert!(!format!("{credential:?}").contains("s\"e"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Credential::read(&path).is_err());
    }
}
