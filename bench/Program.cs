using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Lab.Bench.Peers;

// lab bench peers [options]   the hot paths and the KVM layer beside the same work in C
// lab bench WORD…             micro-benchmarks whose names contain a word
// lab bench --…               BenchmarkDotNet's own options
// lab bench                   list the micro-benchmarks, then run them all as a short job
string artifacts = Path.Combine(RepositoryRoot(), "artifacts", "bench");
if (args is ["peers", .. string[] rest]) return PeerComparison.RunWith(rest, artifacts);

BenchmarkSwitcher benchmarks = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly);
IConfig config = DefaultConfig.Instance.WithArtifactsPath(artifacts);
Console.WriteLine(
    "Micro-benchmarks run inside this process (in-process emit toolchain): a project generated beside this repository's");
Console.WriteLine(
    "central package versions and artifacts folder would not build. One process, so no launch-to-launch variance is seen.");

bool chosen = args.Length > 0 && IsWord(args[0]);
if (args.Length == 0)
{
    benchmarks.Run(["--list", "flat"], config);
    args = ["--filter", "*", "--job", "short", "--iterationTime", "100"];
}
else if (chosen)
{
    // Some seconds each, unless told otherwise: BenchmarkDotNet's own default goes on for minutes where the machine is noisy.
    string[] options = [.. args.SkipWhile(IsWord)];
    if (options.Length == 0) options = ["--warmupCount", "4", "--iterationCount", "15", "--iterationTime", "100"];
    args = ["--filter", .. args.TakeWhile(IsWord).Select(Pattern), .. options];
}

// Makes every job, also one chosen by --job, use the InProcessEmitToolchain.
IEnumerable<Summary> summaries = benchmarks.Run([.. args, "--inProcess"], config);
return chosen && !summaries.Any() ? 2 : 0;

static bool IsWord(string argument) => !argument.StartsWith('-');

static string Pattern(string word) => word.Contains('*', StringComparison.Ordinal) ? word : $"*{word}*";

// The folder of Lab.sln above the binary; for a copy of the binary elsewhere, the folder it was started in.
static string RepositoryRoot()
{
    for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
    {
        if (File.Exists(Path.Combine(folder.FullName, "Lab.sln"))) return folder.FullName;
    }
    return Environment.CurrentDirectory;
}
