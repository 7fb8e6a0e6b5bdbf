//! One file over HTTP, resumed and retried until it is complete.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use crate::fetch::{FetchOptions, Progress};
use crate::{Error, Result};

/// Bytes written, and reported, at a time.
const CHUNK_BYTES: usize = 1 << 16;

/// The longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Why an attempt did not complete the file.
enum Failure {
    /// The next attempt may succeed.
    Passing(String),
    Final(Error),
}

/// Completes `part`, a file that holds the first bytes of what `url` gives, or none. `expected` is the file's length,
/// where it is known. Bytes already there are kept if the server can continue from them.
pub(crate) fn download(
    url: &str,
    part: &mut File,
    expected: Option<u64>,
    options: &FetchOptions,
    observer: &mut dyn FnMut(Progress),
) -> Result<()> {
    let mut transfer = Transfer { agent: agent(options), url, part, expected, options, etag: None };
    let (mut attempts, mut failures, mut furthest) = (0, 0, 0);
    loop {
        attempts += 1;
        let reason = match transfer.attempt(observer) {
            Ok(()) => return Ok(()),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Passing(reason)) => reason,
        };
        // A transfer that gets further each time may take as many attempts as it needs.
        let reached = transfer.length().map_err(|error| transfer.io(error))?;
        failures = if reached > furthest { 1 } else { failures + 1 };
        furthest = furthest.max(reached);
        if failures >= options.attempts.max(1) {
            return Err(Error::Network { url: url.to_owned(), attempts, reason });
        }
        let wait = options.first_wait.saturating_mul(1 << (failures - 1).min(16)).min(MAX_WAIT);
        observer(Progress::Retry { reason: &reason, wait });
        std::thread::sleep(wait);
    }
}

fn agent(options: &FetchOptions) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // Said even when there is none: left alone, ureq would look into the environment.
        .proxy(options.proxy.as_ref().map(|proxy| proxy.0.clone()))
        .timeout_connect(Some(options.stall_timeout))
        .timeout_recv_response(Some(options.stall_timeout))
        .timeout_per_read(Some(options.stall_timeout))
        .user_agent(concat!("nst/", env!("CARGO_PKG_VERSION")))
        // The checksum is of the file as published.
        .accept_encoding("identity")
        .build()
        .into()
}

struct Transfer<'a> {
    agent: Agent,
    url: &'a str,
    part: &'a mut File,
    expected: Option<u64>,
    options: &'a FetchOptions,
    /// The version of the file that the bytes so far are from, if this run got them and the server named it.
    etag: Option<String>,
}

impl Transfer<'_> {
    fn attempt(&mut self, observer: &mut dyn FnMut(Progress)) -> std::result::Result<(), Failure> {
        let mut have = self.length().map_err(|error| Failure::Final(self.io(error)))?;
        if self.expected.is_some_and(|expected| have > expected) {
            have = self.restart()?;
        }
        if self.expected == Some(have) {
            return Ok(());
        }
        let response = self.request(have)?;
        let total = match response.status() {
            StatusCode::OK => {
                have = self.restart()?;
                content_length(&response)
            }
            StatusCode::PARTIAL_CONTENT => match content_range(&response) {
                Some((start, total)) if start == have => total,
                _ => {
                    self.restart()?;
                    return Err(Failure::Passing("the server continues elsewhere than asked".into()));
                }
            },
            StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                // What is there is the whole file, unless the server says otherwise: the checksum decides.
                return match unsatisfied_length(&response) {
                    Some(total) if total == have => Ok(()),
                    _ => {
                        self.restart()?;
                        Err(Failure::Passing("the partial file is longer than the server's".into()))
                    }
                };
            }
            status => return Err(self.refused(status)),
        };
        if let Some(total) = total {
            let fits = self.expected.map_or(total <= self.options.max_bytes, |expected| total == expected);
            if !fits {
                return Err(self.wrong_length(total));
            }
        }
        self.etag = response
            .headers()
            .get(header::ETAG)
            .and_then(|etag| etag.to_str().ok())
            .filter(|etag| !etag.starts_with("W/"))
            .map(str::to_owned);
        self.receive(response.into_body(), have, total.or(self.expected), observer)
    }

    fn request(&self, have: u64) -> std::result::Result<Response<Body>, Failure> {
        let mut request = self.agent.get(self.url);
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
            if let Some(etag) = &self.etag {
                request = request.header(header::IF_RANGE, etag);
            }
        }
        request.call().map_err(|error| match error {
            ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Protocol(_) => Failure::Passing(error.to_string()),
            _ => Failure::Final(Error::Network {
                url: self.url.to_owned(),
                attempts: 1,
                reason: error.to_string(),
            }),
        })
    }

    /// Appends the body to the file, which has `have` bytes and should come to `total`.
    fn receive(
        &mut self,
        body: Body,
        mut have: u64,
        total: Option<u64>,
        observer: &mut dyn FnMut(Progress),
    ) -> std::result::Result<(), Failure> {
        let limit = self.expected.unwrap_or(self.options.max_bytes);
        let mut reader = body.into_reader();
        let mut chunk = vec![0; CHUNK_BYTES];
        let cut = |reason: &str, have| match total {
            Some(total) => Failure::Passing(format!("{reason} after {have} of {total} bytes")),
            None => Failure::Passing(format!("{reason} after {have} bytes")),
        };
        self.part.seek(SeekFrom::Start(have)).map_err(|error| Failure::Final(self.io(error)))?;
        observer(Progress::Download { done: have, total });
        loop {
            let read = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) => return Err(cut(&error.to_string(), have)),
            };
            have += read as u64;
            if have > limit {
                return Err(self.wrong_length(have));
            }
            self.part.write_all(&chunk[..read]).map_err(|error| Failure::Final(self.io(error)))?;
            observer(Progress::Download { done: have, total });
        }
        if total.is_some_and(|total| have < total) {
            return Err(cut("the connection ended", have));
        }
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.part.metadata()?.len())
    }

    /// Forgets the bytes so far.
    fn restart(&mut self) -> std::result::Result<u64, Failure> {
        self.etag = None;
        self.part.set_len(0).map_err(|error| Failure::Final(self.io(error)))?;
        Ok(0)
    }

    fn refused(&self, status: StatusCode) -> Failure {
        let passing = status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        if passing {
            return Failure::Passing(format!("the server answers {status}"));
        }
        let advice = match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                "the file has moved: get it elsewhere and give it with --from FILE, or name a mirror with --manifest FILE"
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                "access is denied, perhaps by a proxy: fetch the file otherwise and give it with --from FILE"
            }
            _ => "fetch the file otherwise and give it with --from FILE",
        };
        Failure::Final(Error::Status { url: self.url.to_owned(), status: status.as_u16(), advice })
    }

    fn wrong_length(&self, found: u64) -> Failure {
        let expected = self
            .expected
            .map_or_else(|| format!("at most {}", self.options.max_bytes), |expected| expected.to_string());
        Failure::Final(Error::WrongLength { url: self.url.to_owned(), expected, found })
    }

    fn io(&self, source: io::Error) -> Error {
        Error::Io { operation: format!("keep what {} sends", self.url), source }
    }
}

fn content_length(response: &Response<Body>) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Start and, unless the server leaves it open, total of `bytes START-END/TOTAL`.
fn content_range(response: &Response<Body>) -> Option<(u64, Option<u64>)> {
    let value = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    Some((start.trim().parse().ok()?, total))
}

/// Total of `bytes */TOTAL`.
fn unsatisfied_length(response: &Response<Body>) -> Option<u64> {
    let value = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    value.trim().strip_prefix("bytes */")?.parse().ok()
}
