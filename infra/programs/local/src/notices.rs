//! Mail and SMS: the embedded outbox, or other providers by their addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use aws_credential_types::Credentials;
use notice_server::{NoticeServer, Outbox, Running};
use startup::{NoticeConfig, Providers};

use crate::data_folder::DataFolder;
use crate::options::Options;
use crate::problem::Problem;
use crate::servers::{has_next, is_taken, ports, taken};

/// Those who carry notices, with clients for them.
pub(crate) struct Notices {
    pub(crate) config: NoticeConfig,
    pub(crate) providers: Providers,
    running: Option<Running>,
}

impl Notices {
    /// Starts the outbox unless both providers are given by address. `portal` stands in the notices.
    pub(crate) async fn start(
        options: &Options,
        folder: &DataFolder,
        portal: &str,
    ) -> Result<Self, Problem> {
        let given = options.ses_endpoint.is_some() && options.sns_endpoint.is_some();
        let running = if given {
            None
        } else {
            Some(start_outbox(options, folder).await?)
        };
        let own = running
            .as_ref()
            .map(|running| format!("http://{}", running.address()));
        let mut config = NoticeConfig::from_env();
        portal.clone_into(&mut config.address);
        config.ses_endpoint = options.ses_endpoint.clone().or(own.clone());
        config.sns_endpoint = options.sns_endpoint.clone().or(own);

        let own = folder.credentials()?;
        let own = Credentials::new(own.access_key, own.secret_key, None, None, "data folder");
        let chosen = startup::Options {
            // Other providers have credentials of their own, which the SDK finds in the environment.
            credentials: (options.ses_endpoint.is_none() && options.sns_endpoint.is_none())
                .then_some(own),
            ..startup::Options::default()
        };
        let providers = Providers::new(&config, chosen).await;
        Ok(Self {
            config,
            providers,
            running,
        })
    }

    /// What was sent, unless others carry it all.
    pub(crate) fn outbox(&self) -> Option<&Outbox> {
        self.running.as_ref().map(Running::outbox)
    }

    /// Where people see what was sent. The outbox holds codes and passwords, so it is shown to this machine only.
    pub(crate) fn page(&self, options: &Options, portal: &str) -> Option<String> {
        let running = self.running.as_ref()?;
        Some(if options.bind.is_loopback() {
            format!("{portal}/_local/outbox")
        } else {
            format!("http://{}/_local/outbox", running.address())
        })
    }

    pub(crate) async fn stop(self) {
        if let Some(running) = self.running {
            running.stop().await;
        }
    }
}

async fn start_outbox(options: &Options, folder: &DataFolder) -> Result<Running, Problem> {
    let wanted = options.port_or(options.notices_port, 3);
    for port in ports(wanted) {
        let mut chosen = notice_server::Options::new(folder.outbox());
        // It verifies no signatures and shows passwords, so it stays on this machine whatever else is opened.
        chosen.address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        match NoticeServer::start(chosen).await {
            Ok(running) => return Ok(running),
            Err(notice_server::Error::Address { source, .. })
                if is_taken(&source) && has_next(wanted, port) => {}
            Err(notice_server::Error::Address { address, source }) => {
                return Err(Problem::address(
                    &address.to_string(),
                    "--notices-port",
                    &source,
                ));
            }
            Err(notice_server::Error::File { path, source }) => {
                return Err(Problem::file(&path, &source));
            }
            Err(error) => return Err(Problem::damaged(folder.path(), &error.to_string())),
        }
    }
    Err(Problem::address(
        &wanted.to_string(),
        "--notices-port",
        &taken(),
    ))
}
