//! A shop with a login and a cart, in axum. Its sessions are those of h3: a Nuxt application under
//! the same password and cookie name reads and writes them, too.
//!
//! ```text
//! export SESSION_PASSWORD="$(openssl rand -base64 32)"
//! cargo run -- 127.0.0.1:3000
//! curl -c jar -b jar -d name=ada http://127.0.0.1:3000/login
//! curl -c jar -b jar -d sku=A-1 http://127.0.0.1:3000/cart
//! curl -c jar -b jar http://127.0.0.1:3000/
//! curl -c jar -b jar -X POST http://127.0.0.1:3000/logout
//! ```

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{ConnectInfo, Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use h3s::{Config, CookieOptions, ErrorKind, Options, Session, Site, cache};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct User {
    name: String,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
}

async fn home(Extension(session): Extension<Shared>) -> Result<String, Failure> {
    let mut session = session.lock();
    let visits = session.get::<u64>("visits")?.unwrap_or_default() + 1;
    session.insert("visits", visits)?;
    let user: Option<User> = session.get("user")?;
    let cart: Vec<String> = session.get_at("/cart/items")?.unwrap_or_default();
    let (name, cart) = (
        user.map_or("stranger".into(), |user| user.name),
        cart.join(", "),
    );
    let end = session
        .expires_at_utc()
        .map_or("never".into(), |end| end.to_string());
    Ok(format!(
        "Hello, {name}. Visit {visits}. Cart: [{cart}]. This session ends: {end}.\n"
    ))
}

async fn login(Extension(session): Extension<Shared>, Form(user): Form<User>) -> Reply {
    // Here the password would be checked. Whoever planted a session before the login must not have
    // the one after it, so it gets a new id.
    let mut session = session.lock();
    session.rotate()?;
    session.insert("user", &user)?;
    Ok(format!("Welcome, {}.\n", user.name))
}

async fn add(Extension(session): Extension<Shared>, Form(item): Form<Item>) -> Reply {
    let mut session = session.lock();
    session.insert_at("/cart/items/-", item.sku)?;
    let count = session.entries("/cart/items").count();
    Ok(format!("{count} in the cart.\n"))
}

async fn logout(Extension(session): Extension<Shared>) -> Reply {
    session.lock().clear();
    Ok("Goodbye.\n".into())
}

type Reply = Result<String, Failure>;

/// The session of a request, which handlers and the middleware share.
#[derive(Clone)]
struct Shared(Arc<Mutex<Session>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Session> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Opens the session before a handler, and sends its cookies and what caches must know after it.
///
/// (Under `seal(Format::H3v2)` opening one may take milliseconds: then ask with `warm_only`, and
/// repeat what is `ErrorKind::Cold` in `spawn_blocking`.)
async fn sessions(
    State(config): State<Config>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let is_another = is_another_site(request.headers());
    // Another site may lead a browser here, but change nothing, such as who is logged in.
    if is_another && !request.method().is_safe() {
        return Err(Failure(StatusCode::FORBIDDEN));
    }
    let session = open(&config, request.headers(), client.ip(), is_another)?;
    let shared = Shared(Arc::new(Mutex::new(session)));
    request.extensions_mut().insert(shared.clone());
    let mut response = next.run(request).await;
    finish(&config, &mut shared.lock(), response.headers_mut())?;
    Ok(response)
}

fn is_another_site(headers: &HeaderMap) -> bool {
    let value = |name| joined(headers, name, b", ");
    Site::new()
        .sec_fetch_site(&value("sec-fetch-site"))
        .origin(&value("origin"))
        .referer(&value("referer"))
        .host(&value("host"))
        .is_another()
}

fn open(
    config: &Config,
    headers: &HeaderMap,
    client: IpAddr,
    is_another: bool,
) -> Result<Session, Failure> {
    // Behind a proxy, the client is who the proxy says: else all clients share one rate limit.
    let (cookie, peer) = (joined(headers, "cookie", b"; "), client.to_string());
    let token = config
        .header_name()
        .map(|name| joined(headers, name, b", "))
        .unwrap_or_default();
    let request = h3s::Request::new(&cookie)
        .header(&token)
        .peer(&peer)
        .cross_site(is_another);
    Ok(config.get_session(&request)?)
}

fn finish(config: &Config, session: &mut Session, headers: &mut HeaderMap) -> Result<(), Failure> {
    let present = joined(headers, "vary", b", ");
    let vary = cache::vary(config, present.as_slice());
    headers.insert(header::VARY, HeaderValue::from_bytes(&vary)?);
    let cookies = session.set_cookies()?;
    if cookies.is_empty() {
        return Ok(());
    }
    let present = joined(headers, "cache-control", b", ");
    let control = cache::control(present.as_slice());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_bytes(&control)?);
    let targeted = headers.keys().filter(|name| cache::is_targeted(name));
    for name in targeted.cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
    for cookie in cookies {
        headers.append(header::SET_COOKIE, HeaderValue::from_str(cookie)?);
    }
    for cookie in cookies.to_cookies() {
        // Never the value: whoever has it has the session.
        println!("{} for {:?}", cookie.name(), cookie.max_age());
    }
    Ok(())
}

/// All lines of a header as one.
fn joined(headers: &HeaderMap, name: &str, between: &[u8]) -> Vec<u8> {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    lines.join(between)
}

struct Failure(StatusCode);

impl From<h3s::Error> for Failure {
    fn from(error: h3s::Error) -> Failure {
        eprintln!("{error}");
        Failure(match error.kind() {
            ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::Busy => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        })
    }
}

impl From<header::InvalidHeaderValue> for Failure {
    fn from(_: header::InvalidHeaderValue) -> Failure {
        Failure(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::new(std::env::var("SESSION_PASSWORD")?)
        .max_age(Duration::from_secs(7 * 86_400))
        // Only because this is http: in production leave it out.
        .cookie(CookieOptions::new().secure(false));
    let config = Config::new(options)?;
    let app = Router::new()
        .route("/", get(home))
        .route("/login", post(login))
        .route("/cart", post(add))
        .route("/logout", post(logout))
        .layer(middleware::from_fn_with_state(config, sessions));
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?
        .block_on(async {
            let listener = tokio::net::TcpListener::bind(address).await?;
            println!("http://{}", listener.local_addr()?);
            axum::serve(
                listener,
                app.into_make_service_with_connect_info::<SocketAddr>(),
            )
            .await?;
            Ok(())
        })
}
