//! Who may look into the program's own folder: records of patients wait there, and the credential lies there.

use std::path::Path;

use crate::problem::Problem;

/// Takes the folder from everybody but the program's user.
#[cfg(unix)]
pub(crate) fn keep(folder: &Path) -> Result<(), Problem> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .map_err(|error| Problem::path(folder, &error))
}

/// Takes the folder from everybody but its owner, administrators and the system, and with it whatever is made in it later.
///
/// By the system's own tool: its interface for this can be called from unsafe code only. Accounts stand by number (SYSTEM,
/// Administrators, OWNER RIGHTS), since their names are other ones in other languages.
#[cfg(windows)]
pub(crate) fn keep(folder: &Path) -> Result<(), Problem> {
    let system = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    let tool = Path::new(&system).join(r"System32\icacls.exe");
    let done = std::process::Command::new(&tool)
        .arg(folder)
        .args(["/inheritance:r", "/grant:r"])
        .args([
            "*S-1-5-18:(OI)(CI)F",
            "*S-1-5-32-544:(OI)(CI)F",
            "*S-1-3-4:(OI)(CI)F",
        ])
        .arg("/Q")
        .output();
    match done {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            // What it says is in the system's code page, not in UTF-8.
            let code = output.status.code().unwrap_or_default();
            let folder = folder.display();
            Err(Problem::new(
                format!(
                    "未能限制文件夹 {folder} 的访问权限（icacls 返回 {code}），请以管理员身份运行 init"
                ),
                format!(
                    "the folder {folder} could not be taken from other users (icacls answered {code}); run init as administrator"
                ),
            ))
        }
        Err(error) => Err(Problem::path(&tool, &error)),
    }
}
