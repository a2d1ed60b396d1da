fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    let a: Vec<String> = std::env::args().collect();
    let s = countmein::standalone::serve::Settings {
        listen: a.get(1).map_or("127.0.0.1:8100".parse().unwrap(), |x| x.parse().unwrap()),
        data: a.get(2).map_or("countmein-data", |x| x).into(),
        organiser_key: None,
        public_url: None,
        rate_limit: a.get(3).map_or(50, |x| x.parse().unwrap()),
        behind_proxy: false,
        list_everyone: countmein::standalone::serve::ListEveryone::Loopback,
    };
    tokio::runtime::Runtime::new()?.block_on(countmein::standalone::serve::run(s))
}
