use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn, map_request};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use lambda_http::request::RequestContext;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tracing::Instrument;
use tracing::field::Empty;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::{ApiError, ClientAddress, CookieName, ErrorCode, Front};

/// No request of the API is longer: data goes to the object store, not through here. The few routes that take data read the
/// body themselves, and bound it.
const BODY_LIMIT: usize = 64 * 1024;

/// Makes a server out of the routes of one function, or of all of them: the description of the API at
/// `/api/v1/openapi.json`, errors in one form, a number for each request, bodies of bounded length.
pub fn application(routes: OpenApiRouter) -> Router {
    let (router, document) = described(routes);
    let document = get(move || {
        let document = document.clone();
        async move { Json(document) }
    });
    serving(router.route(DESCRIPTION, document))
}

/// Where the description of the API is.
const DESCRIPTION: &str = "/api/v1/openapi.json";

/// The routes, and what they say of themselves.
fn described(routes: OpenApiRouter) -> (Router, OpenApi) {
    let (router, mut document) = routes.split_for_parts();
    document.info = InfoBuilder::new()
        .title("流感医疗服务监测系统 / Influenza medical service surveillance")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "上传数据文件并查看校验结果。Upload data files and read what the check found.",
        ))
        .build();
    let mut components = document
        .components
        .take()
        .unwrap_or_else(|| ComponentsBuilder::new().build());
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    for (scheme, name) in [
        ("cookie", CookieName::Session),
        ("applicant_cookie", CookieName::Applicant),
    ] {
        let key = ApiKeyValue::new(name.as_str());
        components.add_security_scheme(scheme, SecurityScheme::ApiKey(ApiKey::Cookie(key)));
    }
    document.components = Some(components);
    (router, document)
}

fn serving(router: Router) -> Router {
    router
        .method_not_allowed_fallback(async || ApiError::from(ErrorCode::MethodNotAllowed))
        .fallback(async || ApiError::from(ErrorCode::NoSuchPath))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(same_site())
        .layer(CatchPanicLayer::custom(
            |_: Box<dyn std::any::Any + Send>| {
                ApiError::internal("a handler panicked").into_response()
            },
        ))
        .layer(from_fn(finish))
}

/// Refuses whatever a page of another site makes a browser send, by `Sec-Fetch-Site` and else by `Origin` against `Host`. Signing in
/// is no exception: nobody is to be signed in under a stranger's name either. Programs send neither header and pass here; what
/// they may do with a cookie is another matter, see [`crate::cookie`].
fn same_site() -> CsrfLayer<impl Fn(ProtectionError) -> Response + Clone> {
    let layer = CsrfLayer::new();
    // Where a proxy puts its own name into `Host`, old browsers, which send `Origin` only, are known by the portal's address.
    let portal = std::env::var("FLU_ADDRESS").unwrap_or_default();
    let layer = match layer
        .clone()
        .add_trusted_origin(portal.trim_end_matches('/'))
    {
        Ok(trusting) if !portal.is_empty() => trusting,
        _ => layer,
    };
    layer.with_rejection_response(|_: ProtectionError| {
        tracing::warn!("refused: sent by a page of another site");
        ApiError::from(ErrorCode::CrossSite).into_response()
    })
}

/// Runs the routes of one function in Lambda.
///
/// # Errors
/// When the runtime ends.
pub async fn run_lambda(routes: OpenApiRouter) -> Result<(), lambda_http::Error> {
    run(application(routes)).await
}

/// The same for the one function that answers for the description of the API: its own routes say nothing of the others'.
///
/// # Errors
/// When the runtime ends.
pub async fn run_lambda_describing(
    routes: OpenApiRouter,
    description: &'static str,
) -> Result<(), lambda_http::Error> {
    let (router, _) = described(routes);
    let answer = get(move || async move { ([(CONTENT_TYPE, "application/json")], description) });
    run(serving(router.route(DESCRIPTION, answer))).await
}

async fn run(application: Router) -> Result<(), lambda_http::Error> {
    // The gateway tells the address; it stands in no header a client could send.
    let address = map_request(async |mut request: Request| {
        let address = match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        let address = ClientAddress(address.and_then(|address| address.parse().ok()));
        request.extensions_mut().insert(address);
        request
    });
    let front = Front::from_env();
    lambda_http::run(front.before(application).layer(address)).await
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What browsers are told with every answer. Where nothing stands in front there is nobody else to say it.
const ALWAYS: [(HeaderName, &str); 2] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Browsers ignore it where there is no TLS, so that one machine needs no exception.
    (
        STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    ),
];

/// What they are told unless a route says something else.
const UNLESS_SAID: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    // An answer that is opened by itself is no page: it runs nothing, loads nothing and stands in no frame.
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
    ),
];

/// Numbers the request, names it in every line it logs and in its answer, and keeps answers out of caches – they are one
/// account's – and browsers from making more of them than they are. What it is about comes to the same lines once it is known: see [`crate::subject`].
async fn finish(request: Request, next: Next) -> Response {
    let id = format!("{:032x}", rand::random::<u128>());
    // The route, and no word of the address itself, which could hold anything.
    let route = request.extensions().get::<MatchedPath>();
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        route = route.map_or("none", MatchedPath::as_str),
        account = Empty,
        application = Empty,
        upload = Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, "answered {status}"));
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in UNLESS_SAID {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
