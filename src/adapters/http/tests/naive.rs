//! A service with one thread that counts, takes a millisecond, and then inserts. What holding requests back is measured with:
//! `benches/last_byte.rs` includes it as well.

use std::{
    cell::Cell, convert::Infallible, net::SocketAddr, rc::Rc, sync::mpsc, thread, time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime, task::LocalSet};

/// Between the count and the insert.
const WINDOW: Duration = Duration::from_millis(1);

/// Its limit, and its rows.
struct Shop {
    limit: u64,
    rows: Cell<u64>,
}

/// Runs until the process ends. `GET /reset` answers with the rows, and removes them; anything else is a claim.
pub fn start(limit: u64) -> SocketAddr {
    let (told, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = { runtime::Builder::new_current_thread() }
            .enable_all()
            .build();
        LocalSet::new().block_on(&runtime.unwrap(), async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            serve(&listener, limit).await;
        });
    });
    address.recv().unwrap()
}

async fn serve(listener: &TcpListener, limit: u64) {
    let rows = Cell::new(0);
    let shop = Rc::new(Shop { limit, rows });
    while let Ok((stream, _)) = listener.accept().await {
        let shop = Rc::clone(&shop);
        let service = service_fn(move |request| answer(Rc::clone(&shop), request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::task::spawn_local(connection);
    }
}

async fn answer(
    shop: Rc<Shop>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = if request.uri().path() == "/reset" {
        shop.rows.replace(0).to_string()
    } else {
        request.into_body().collect().await.unwrap();
        shop.claim().await;
        String::new()
    };
    Ok(Response::new(Full::new(answer.into())))
}

impl Shop {
    async fn claim(&self) {
        let count = self.rows.get();
        tokio::time::sleep(WINDOW).await;
        if count < self.limit {
            self.rows.set(self.rows.get() + 1);
        }
    }
}
