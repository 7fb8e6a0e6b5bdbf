//! An HTTP server on loopback that does, one request after another, what a script says.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Serves the file, from where the request asks.
    Serve,
    /// Serves the whole file whatever the request asks.
    ServeWhole,
    /// As `Serve`, but closes the connection after that many percent of the file.
    CutAt(usize),
    /// As `CutAt`, with a weak version instead of a strong one.
    WeakCutAt(usize),
    /// As `CutAt`, but falls silent instead.
    StallAt(usize),
    /// As `Serve`, but in ten pieces with a pause before each.
    Slowly(Duration),
    /// As `Serve`, with one byte in the middle changed.
    Corrupt,
    /// Partial content from one byte later than asked.
    WrongRange,
    /// As `Serve`, announcing that many bytes more than the file has.
    Longer(usize),
    /// Bytes without end and without a length.
    Endless,
    /// That status and no file.
    Status(u16),
    /// A redirect to that path.
    Redirect(&'static str),
    /// Closes the connection without a word.
    HangUp,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) range: Option<String>,
    pub(crate) if_range: Option<String>,
}

/// A running server. Dropping it stops it.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `file`; each request takes the next reply, and any after the last gets 500.
    pub(crate) fn start(file: Vec<u8>, script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let thread = std::thread::spawn(move || {
            let mut script = script.into_iter();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let Some(request) = read_request(&stream) else { break };
                let reply = script.next().unwrap_or(Reply::Status(500));
                let range = request.range.clone();
                seen.lock().unwrap().push(request);
                // A client that leaves early is no failure of the server.
                let _ = answer(stream, &file, range.as_deref(), &reply);
            }
        });
        Self { address, requests, thread: Some(thread) }
    }

    /// The address of `path` on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A connection without a request ends the loop.
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let line = lines.next()?;
    let mut request = Request { line, range: None, if_range: None };
    for header in lines.take_while(|line| !line.is_empty()) {
        match header.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("range") => request.range = Some(value.into()),
            Some((name, value)) if name.eq_ignore_ascii_case("if-range") => {
                request.if_range = Some(value.into());
            }
            _ => {}
        }
    }
    Some(request)
}

fn answer(mut stream: TcpStream, file: &[u8], range: Option<&str>, reply: &Reply) -> std::io::Result<()> {
    let total = file.len();
    let mut file = file.to_vec();
    let asked =
        range.map(|range| range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap());
    let (mut announced, mut start, mut etag) = (total, asked, "\"golden\"");
    match reply {
        Reply::Status(status) => {
            return write!(
                stream,
                "HTTP/1.1 {status} As scripted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        Reply::Redirect(path) => {
            return write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        Reply::HangUp => return Ok(()),
        Reply::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[0; 4096])?;
            }
        }
        Reply::ServeWhole => start = None,
        Reply::WeakCutAt(_) => etag = "W/\"golden\"",
        Reply::WrongRange => start = start.map(|start: usize| start + 1),
        Reply::Longer(more) => announced += more,
        Reply::Corrupt => file[total / 2] ^= 1,
        Reply::Serve | Reply::CutAt(_) | Reply::StallAt(_) | Reply::Slowly(_) => {}
    }
    if start.is_some_and(|start| start >= total) {
        return write!(
            stream,
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{total}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        );
    }
    let status = match start {
        Some(start) => format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{total}", total - 1),
        None => "200 OK".to_owned(),
    };
    let start = start.unwrap_or(0);
    write!(
        stream,
        "HTTP/1.1 {status}\r\nETag: {etag}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        announced - start
    )?;
    match reply {
        Reply::CutAt(percent) | Reply::WeakCutAt(percent) => {
            stream.write_all(&file[start..total * percent / 100])
        }
        Reply::StallAt(percent) => {
            stream.write_all(&file[start..total * percent / 100])?;
            stream.flush()?;
            // Until the client gives up.
            let _ = BufReader::new(stream).fill_buf();
            Ok(())
        }
        Reply::Slowly(pause) => file[start..].chunks((total - start).div_ceil(10)).try_for_each(|piece| {
            std::thread::sleep(*pause);
            stream.write_all(piece)
        }),
        _ => stream.write_all(&file[start..]),
    }
}
