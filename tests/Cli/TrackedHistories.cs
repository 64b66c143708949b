using System.Diagnostics;
using Lab.Report.Histories;
using Lab.Results.Tracking;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A made-up history in a folder of its own, on this machine unless told otherwise, and the program over it.</summary>
internal sealed class TrackedHistories : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public string Path => System.IO.Path.Combine(_temporary.Path, "history", "history.csv");

    public string Acknowledged => System.IO.Path.Combine(_temporary.Path, "history", "acknowledged.csv");

    public string Beside(string name) => System.IO.Path.Combine(_temporary.Path, name);

    public void Dispose() => _temporary.Dispose();

    /// <summary>Hashes as git has them, the same every time.</summary>
    public static string Commit(int index) => $"{index + 0x10:x2}{new string('0', 6)}{new string('a', 32)}";

    /// <summary>A point per commit: level 1,000, from <paramref name="step"/> on higher by <paramref name="change"/>, with 1 % of
    /// noise; times <paramref name="level"/> where that is given.</summary>
    public void Add(
        string strategy = "workqueue", string metric = "update", double? quantile = 0.99, int count = 40, int step = int.MaxValue,
        double change = 0.1,
        string? machine = null, string settings = "5e77195e7719", int seed = 1, Func<int, string>? commit = null,
        Func<int, double>? level = null)
    {
        double[] values = new Simulated(seed).Series(count, 0, isLognormal: false, spread: 0.01, step: step, change: change);
        new HistoryFile(Path).Append([.. values.Select((value, index) => new HistoryRow
        {
            Commit = (commit ?? Commit)(index), Machine = machine ?? TrackedHistory.ThisFingerprint, Settings = settings,
            Strategy = strategy,
            Workload = "memslot-churn", Mmu = "radix", Metric = metric, Quantile = quantile,
            Unit = quantile is null ? "1/s" : "ns", Value = value * (level?.Invoke(index) ?? 1),
            TimeUtc = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero).AddHours(index), RunId = $"run-{index}",
        })]);
    }

    /// <summary><c>lab track</c> in this process, with this history.</summary>
    public LabExit Track(params string[] arguments) => LabHere.Run(["track", .. arguments, "--history", Path]);

    /// <summary>Nothing on standard output, exit code 2, and one sentence with all of these in it.</summary>
    public static void AssertRefusal(LabExit lab, params string[] parts)
    {
        Assert.Equal((2, ""), (lab.Code, lab.Out));
        string line = Assert.Single(lab.ErrorLines);
        Assert.StartsWith("lab: ", line);
        Assert.All(parts, part => Assert.Contains(part, line));
    }

    /// <summary>A git repository with so many commits; their hashes, oldest first.</summary>
    public IReadOnlyList<string> Repository(int commits)
    {
        string folder = Beside("repository");
        Directory.CreateDirectory(folder);
        Git(folder, "init", "-q");
        List<string> hashes = [];
        for (int index = 0; index < commits; index++)
        {
            Git(folder, "-c", "user.name=test", "-c", "user.email=test@test", "commit", "-q", "--allow-empty", "-m",
                $"Change {index}, by hand");
            hashes.Add(Git(folder, "rev-parse", "HEAD").Trim());
        }
        return hashes;
    }

    private static string Git(string folder, params string[] arguments)
    {
        using Process git =
            Process.Start(new ProcessStartInfo("git", ["-C", folder, .. arguments]) { RedirectStandardOutput = true })!;
        string output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return output;
    }
}
