using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lab.Results.Comparisons;

namespace Lab.Cli;

/// <summary>
/// One run of one arm in a process of its own: its own heap, its own code, its own layout, which is what makes runs independent of each other.
/// </summary>
internal sealed class ChildRun(ComparisonArm arm, string runs, ulong seed)
{
    private const string Announcement = "run folder: ";

    /// <summary>For the start of the process, the rehearsal, the report.</summary>
    private static readonly TimeSpan Overhead = TimeSpan.FromSeconds(60);

    private string[] Arguments =>
        ["--strategy", arm.Strategy!, "--runs", "1", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--out", runs, "--format", "csv", "--figures", "off", .. arm.Arguments];

    /// <summary>The request as the child will read it.</summary>
    /// <exception cref="UsageException">It would refuse; nothing has been started or written.</exception>
    public RunRequest Rehearse()
    {
        RootCommand root = new();
        RunOptions options = new();
        options.AddTo(root);
        ParseResult parsed = root.Parse(Arguments);
        if (parsed.Errors.Count > 0) throw new UsageException(parsed.Errors[0].Message);
        return options.Read(parsed, new LabCatalogue());
    }

    /// <summary>Null if it was interrupted.</summary>
    public BlockRun? Run(int index, CancellationToken cancellation)
    {
        RunRequest request = Rehearse();
        TimeSpan limit = Overhead + (request.Workloads.Count * (request.Window.Duration + request.Window.WarmupLimit + (2 * request.Window.WatchdogTimeout)));
        StringBuilder error = new();
        using Process child = new() { StartInfo = Start(["run", .. Arguments]) };
        child.OutputDataReceived += (_, _) => { };
        child.ErrorDataReceived += (_, line) => error.Append(line.Data).Append('\n');
        child.Start();
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        bool ended;
        using (cancellation.Register(() => Kill(child)))
            ended = child.WaitForExit(limit);
        if (!ended) Kill(child);
        child.WaitForExit(); // also for the last lines
        // A terminal interrupts the child as well, which may be told and gone before this process knows.
        if (cancellation.IsCancellationRequested || child.ExitCode == ExitCode.Interrupted) return null;

        string[] lines = error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string? folder = lines.LastOrDefault(line => line.StartsWith(Announcement, StringComparison.Ordinal))?[Announcement.Length..];
        return new BlockRun
        {
            Arm = index,
            Run = folder is null ? null : Path.GetFileName(folder),
            ExitCode = child.ExitCode,
            Problem = Problem(child.ExitCode, ended, lines, limit) is { } problem ? $"{arm.Label}: {problem}" : folder is null ? $"{arm.Label}: left no run folder" : null,
        };
    }

    private static string? Problem(int code, bool ended, string[] lines, TimeSpan limit) =>
        !ended ? $"did not end within {Quantities.Describe(limit)} and was killed"
        : code switch
        {
            ExitCode.Fine => null,
            ExitCode.InvariantViolated => lines.FirstOrDefault(line => line.StartsWith("HUNG", StringComparison.Ordinal)) is { } hung
                ? $"gave up ({hung.TrimEnd(':')})"
                : "an invariant was violated (exit 4)",
            _ => $"ended with exit code {code}: {lines.LastOrDefault(line => line.StartsWith("lab: ", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "without a word"}",
        };

    private static ProcessStartInfo Start(IEnumerable<string> arguments) =>
        SelfProcess.Start(arguments) ?? throw new UsageException("lab compare cannot tell which program it is; start it with 'dotnet lab.dll compare'.");

    /// <summary>What it measured so far belongs to a block that does not count.</summary>
    private static void Kill(Process child)
    {
        try
        {
            child.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }
}
