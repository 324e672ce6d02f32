#![doc = include_str!("../README.md")]

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use dynoxide::Database;
use tokio::sync::watch;

/// DynamoDB removes expired items within days; here it is soon enough to be seen in a trial.
const SWEEP: Duration = Duration::from_secs(60);
/// How long requests under way may take to end once the server is told to stop.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a table server needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// The SQLite file; made when missing. One process at a time: the caller locks it.
    pub file: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    pub address: SocketAddr,
}

/// Why a table server could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be opened, or is no table file.
    #[error("table file `{file}`: {reason}")]
    File {
        /// The file concerned.
        file: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// The address can't be listened on.
    #[error("address `{address}`: {source}")]
    Address {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The server's threads could not be started.
    #[error("table server threads: {0}")]
    Threads(std::io::Error),
}

/// Starts table servers.
#[derive(Debug)]
pub struct Table;

/// A running table server; dropping it tells the server to stop without waiting for it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Table {
    /// Opens the file and listens. Blocks for as long as SQLite takes to recover a file that was not closed.
    ///
    /// # Errors
    /// When the file can't be opened or the address can't be listened on.
    pub fn start(options: Options) -> Result<Running, Error> {
        let address = options.address;
        let failed = |source| Error::Address { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        let file = options.file;
        let path = file.to_str().ok_or_else(|| Error::File {
            file: file.clone(),
            reason: "the path is not UTF-8".to_owned(),
        })?;
        let database = Database::new(path).map_err(|error| Error::File {
            file: file.clone(),
            reason: error.to_string(),
        })?;

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("table")
            .enable_all()
            .build()
            .map_err(Error::Threads)?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new()
            .name("table-server".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, database, stopped));
                runtime.shutdown_timeout(FAREWELL);
            })
            .map_err(Error::Threads)?;
        Ok(Running {
            address,
            stop,
            thread: Some(thread),
        })
    }
}

impl Running {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, lets those under way end, and closes the file.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

async fn serve(listener: TcpListener, database: Database, mut stopped: watch::Receiver<bool>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "table server cannot listen");
            return;
        }
    };
    let sweeper = tokio::spawn(sweep(database.clone()));
    let told = {
        let mut stopped = stopped.clone();
        async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        }
    };
    let server = dynoxide::server::serve_with_shutdown(listener, database, told);
    let overdue = async {
        let _ = stopped.wait_for(|stop| *stop).await;
        // A client that sent half a request would hold the end up for ever.
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        result = server => if let Err(error) = result {
            tracing::error!(error, "table server ended");
        },
        () = overdue => tracing::warn!("table server ended with requests under way"),
    }
    sweeper.abort();
}

async fn sweep(database: Database) {
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(items)) => tracing::debug!(items, "expired items removed"),
            Ok(Err(error)) => tracing::warn!(%error, "expired items not removed"),
            Err(error) => tracing::warn!(%error, "expired items not removed"),
        }
    }
}
