//! What users ask for, and which routes fail first.

use axum::http::Method;

#[derive(Debug)]
pub struct Route {
    pub method: Method,
    /// The path, and the `route` label of the metrics.
    pub path: &'static str,
}

const INDEX: Route = Route { method: Method::GET, path: "/" };
const PRODUCTS: Route = Route { method: Method::GET, path: "/products" };
const PAY: Route = Route { method: Method::POST, path: "/pay" };

pub static ALL: [Route; 3] = [INDEX, PRODUCTS, PAY];

/// The order in which users ask. Each route is at odd and even places alike: two instances in turn see the same mix.
pub static MIX: [Route; 10] = [INDEX, PRODUCTS, PAY, INDEX, PRODUCTS, INDEX, PRODUCTS, PAY, INDEX, PRODUCTS];

/// The share of [`MIX`] that pays.
const PAY_SHARE: f64 = 0.2;
/// The share of all failures that hits paying users, as long as there are enough of them.
const PAY_FAILURES: f64 = 0.7;

/// The share of `route`'s requests that fail when `overall` (0..=1) of all requests in the order of [`MIX`] do.
pub fn failure_ratio(route: &Route, overall: f64) -> f64 {
    let pay = (overall * PAY_FAILURES / PAY_SHARE).min(1.0);
    if route.path == PAY.path { pay } else { PAY_SHARE.mul_add(-pay, overall) / (1.0 - PAY_SHARE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_routes_together_fail_as_often_as_asked_and_paying_users_suffer_most() {
        for overall in [0.0, 0.003, 0.05, 0.12, 0.2, 0.5, 0.9, 1.0] {
            let ratios: Vec<f64> = MIX.iter().map(|route| failure_ratio(route, overall)).collect();
            let mean = ratios.iter().sum::<f64>() / 10.0;
            assert!((mean - overall).abs() < 1e-12, "{overall}: {ratios:?}");
            assert!(ratios.iter().all(|ratio| (0.0..=1.0).contains(ratio)), "{overall}: {ratios:?}");
            assert!(failure_ratio(&PAY, overall) >= failure_ratio(&INDEX, overall));
        }
    }

    #[test]
    fn two_instances_that_take_turns_see_the_same_mix() {
        for route in &ALL {
            let places: Vec<usize> = (0..MIX.len()).filter(|&place| MIX[place].path == route.path).collect();
            let odd = places.iter().filter(|place| *place % 2 == 1).count();
            assert_eq!(odd * 2, places.len(), "{}", route.path);
        }
    }
}
