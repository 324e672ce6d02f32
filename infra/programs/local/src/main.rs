//! Starts the whole service on this machine and stops it in order.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use local::{Options, Problem, Service, announcement};
use owo_colors::{OwoColorize, Stream};
use tracing_subscriber::EnvFilter;

/// Refused requests are everyday business, but the servers' own crates report each as an error; missing credentials are told as a
/// sentence.
const QUIET: &str = "warn,s3s=off,dynoxide=off,aws_config=off,aws_smithy_runtime=error";

fn main() -> ExitCode {
    if isolation::entered() {
        return ExitCode::SUCCESS;
    }
    run()
}

#[tokio::main]
async fn run() -> ExitCode {
    let started = Instant::now();
    let options = Options::parse();
    let filter = EnvFilter::try_from_env("FLU_LOG").unwrap_or_else(|_| EnvFilter::new(QUIET));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let stopped = stop_signal();
    tokio::pin!(stopped);
    let service = tokio::select! {
        service = Service::start(options) => service,
        () = &mut stopped => return ExitCode::SUCCESS,
    };
    let service = match service {
        Ok(service) => service,
        Err(problem) => return refuse(&problem),
    };
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    say(&announcement(&service, started.elapsed(), colours));

    stopped.await;
    let data = service.data().display().to_string();
    // Whoever asks twice does not want to wait for requests under way.
    tokio::select! {
        () = service.stop() => {}
        () = stop_signal() => {}
    }
    say(&format!(
        "\n已停止，数据在 {data} · stopped, the data is in {data}\n"
    ));
    ExitCode::SUCCESS
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    // A closed pipe is no reason to stop serving.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn refuse(problem: &Problem) -> ExitCode {
    let mark = "错误 error"
        .if_supports_color(Stream::Stderr, |text| text.red())
        .to_string();
    let _ = writeln!(
        std::io::stderr(),
        "{mark}  {}\n            {}",
        problem.zh,
        problem.en
    );
    ExitCode::FAILURE
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}
