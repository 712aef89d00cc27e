//! The official emulator and the simulator, asked the same.

use rehearsal::emulator::Emulator;
use rehearsal::rest::Firestore;
use serde_json::Value;
use simulator::{Options, Simulator};
use tokio::sync::OnceCell;

/// One for all tests; it ends with the process.
static EMULATOR: OnceCell<Emulator> = OnceCell::const_new();

/// The judge, and who is judged, and a project that is fresh at both.
pub(crate) struct Both {
    emulator: &'static Emulator,
    simulator: Simulator,
    pub(crate) project: String,
    http: reqwest::Client,
}

impl Both {
    pub(crate) async fn start() -> Both {
        let emulator = EMULATOR
            .get_or_init(|| async { Emulator::start().await.unwrap() })
            .await;
        Both {
            project: emulator.fresh_project(),
            simulator: Simulator::start(Options::default()).unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            emulator,
        }
    }

    pub(crate) fn hosts(&self) -> [String; 2] {
        [self.emulator.host().to_owned(), self.simulator.host()]
    }

    pub(crate) fn clients(&self) -> [Firestore; 2] {
        self.hosts()
            .map(|host| Firestore::new(&host, &self.project, "(default)").unwrap())
    }

    pub(crate) fn root(&self) -> String {
        format!("projects/{}/databases/(default)/documents", self.project)
    }

    /// What both say to one request, below the root of the database unless the resource begins with two slashes.
    pub(crate) async fn ask(&self, method: &str, resource: &str, body: &str) -> [(u16, Value); 2] {
        let mut answers = Vec::new();
        for host in self.hosts() {
            let url = match resource.strip_prefix("//") {
                Some(elsewhere) => format!("http://{host}/{elsewhere}"),
                None => format!("http://{host}/v1/{}{resource}", self.root()),
            };
            let request = self.http.request(method.parse().unwrap(), url);
            let request = request
                .header("authorization", "Bearer owner")
                .header("content-type", "application/json");
            let answer = request.body(body.to_owned()).send().await.unwrap();
            let code = answer.status().as_u16();
            let text = answer.text().await.unwrap();
            answers.push((code, serde_json::from_str(&text).unwrap_or(Value::Null)));
        }
        answers.try_into().unwrap()
    }

    /// Asks both, and takes it that they say the same.
    pub(crate) async fn agree(&self, method: &str, resource: &str, body: Value) -> Value {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let [emulator, simulator] = self.ask(method, resource, &text).await;
        let ([emulator, simulator], code) =
            ([emulator.1, simulator.1].map(timeless), [emulator.0, simulator.0]);
        assert_eq!(
            code[0], code[1],
            "{method} {resource} {text}\nemulator: {emulator}\nsimulator: {simulator}"
        );
        if code[0] == 200 {
            assert_eq!(simulator, emulator, "{method} {resource} {text}");
        } else {
            assert_eq!(
                simulator["error"]["status"], emulator["error"]["status"],
                "{method} {resource} {text}"
            );
        }
        simulator
    }
}

/// An answer without the moments it was given at, which are no two servers' the same.
fn timeless(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(strip),
            Value::Object(members) => {
                members.retain(|name, _| {
                    !["readTime", "createTime", "updateTime", "commitTime"].contains(&name.as_str())
                });
                members.values_mut().for_each(strip);
            }
            _ => {}
        }
    }
    strip(&mut answer);
    answer
}
