//! The program as a Windows service. On Linux systemd runs `run`.

#[cfg(not(windows))]
use crate::{config::Config, problem::Problem};

/// Runs until the service manager stops it.
#[cfg(not(windows))]
pub(crate) fn run(_config: Config) -> Result<(), Problem> {
    Err(Problem::new(
        "此命令只用于 Windows 服务；Linux 请使用 front-end-machine run",
        "this is for Windows services; on Linux use front-end-machine run",
    ))
}

#[cfg(windows)]
pub(crate) use windows::run;

#[cfg(windows)]
mod windows {
    use std::ffi::OsString;
    use std::sync::Arc;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use windows_service::service::{
        ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus,
        ServiceType,
    };
    use windows_service::service_control_handler::{self, ServiceControlHandlerResult};
    use windows_service::{define_windows_service, service_dispatcher};

    use crate::config::Config;
    use crate::log;
    use crate::machine::Machine;
    use crate::problem::Problem;

    const NAME: &str = "FrontEndMachine";

    /// The service manager calls back a plain function, which has to find the configuration somewhere.
    static CONFIG: OnceLock<Config> = OnceLock::new();

    define_windows_service!(begin, service_main);

    pub(crate) fn run(config: Config) -> Result<(), Problem> {
        let _ = CONFIG.set(config);
        service_dispatcher::start(NAME, begin).map_err(|error| {
            Problem::new(
                format!("此命令只能由 Windows 服务管理器启动：{error}"),
                format!("only the Windows service manager can start this: {error}"),
            )
        })
    }

    fn service_main(_arguments: Vec<OsString>) {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let registered = service_control_handler::register(NAME, move |control| match control {
            ServiceControl::Stop | ServiceControl::Shutdown => {
                asked.store(true, Ordering::Relaxed);
                ServiceControlHandlerResult::NoError
            }
            ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
            _ => ServiceControlHandlerResult::NotImplemented,
        });
        let Ok(handle) = registered else { return };
        let tell = |state: ServiceState, code: u32| {
            let accepted = if state == ServiceState::Running {
                ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN
            } else {
                ServiceControlAccept::empty()
            };
            let _ = handle.set_service_status(ServiceStatus {
                service_type: ServiceType::OWN_PROCESS,
                current_state: state,
                controls_accepted: accepted,
                exit_code: ServiceExitCode::Win32(code),
                checkpoint: 0,
                wait_hint: Duration::from_secs(30),
                process_id: None,
            });
        };
        tell(ServiceState::Running, 0);
        let worked = CONFIG.get().cloned().is_some_and(|config| {
            let started = log::start(&config).and_then(|()| Machine::new(config));
            match started {
                Ok(mut machine) => {
                    machine.run(&stop);
                    true
                }
                Err(problem) => {
                    tracing::error!(%problem, "not started");
                    false
                }
            }
        });
        tell(ServiceState::Stopped, u32::from(!worked));
    }
}
