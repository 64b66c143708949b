using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Cli.Guest;
using Lab.Cli.Run;
using Lab.Measure;
using Lab.Report.Comparisons;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;
using Lab.Settings;

namespace Lab.Cli.Compare;

/// <summary><c>lab compare</c>: arms against the first. Strategies are measured here, in blocks that run every arm once in a
/// process of its own; run folders and baselines are taken as they are.</summary>
internal sealed class CompareCommand(CompareRequest request, IReadOnlyList<string> commandLine, LabConsole console)
{
    private const double ThresholdDefault = 0.02;
    private const int OrphanSeconds = 120;

    public static Command Build(string[] args, LabConsole console)
    {
        CompareOptions options = new();
        Command command = new("compare", "is B slower than A? strategies, run folders, saved baselines");
        options.AddTo(command);
        command.SetAction(parsed => Verb.Guarded(console, () => options.Kernels(parsed) is { } kernels
            ? KernelCompare.Execute(kernels, console)
            : new CompareCommand(options.Read(parsed), ["lab", .. args], console).Execute(console.Signals.Token)));
        return command;
    }

    /// <exception cref="UsageException">An arm cannot be measured as asked, or has no runs; nothing was measured.</exception>
    /// <exception cref="NotComparableException">A baseline is of another machine.</exception>
    public int Execute(CancellationToken cancellation)
    {
        console.Signals.HasNothing(RunCommand.NothingYet);
        ComparisonFolder? resumed = request.Resume is { } path ? ComparisonFolder.Open(path) : null;
        IReadOnlyList<ComparisonArm> arms = resumed?.Manifest.Arms ?? request.Arms;
        FixedArms given = new(arms, console.Error);
        given.RefuseTheSame();
        given.Refuse(request.Values.Of(CompareSettings.Anyway));
        foreach (string note in request.Notes.Concat(given.Taken)) console.Error.WriteLine($"note: {note}");
        if (request.Tail is { } tail && resumed is null)
        {
            console.Signals.Saves("the first block, which does not count, is being given up");
            if (new TailPilot(request, runs => new LocalProcess(runs), console.Error).Lengthen(arms, tail, cancellation)
                is not { } longer)
            {
                console.Error.WriteLine($"lab: interrupted: {RunCommand.NothingYet}.");
                return ExitCode.Interrupted;
            }
            arms = longer;
        }

        ComparisonFolder? folder = resumed;
        bool isInterrupted = false;
        if (arms.Any(arm => arm.Source == ArmSource.Strategy))
        {
            folder = resumed is null ? Create(arms) : Resume(resumed);
            console.Signals.Saves($"the blocks that were measured are being compared and kept in '{folder.Path}'");
            isInterrupted = new BlockMeasurement(folder, new LocalProcess(folder.Runs), console.Error).Run(cancellation);
            console.Error.WriteLine($"comparison: {folder.Path}");
        }

        ArmComparison comparison = Conclude(folder, arms, given);
        if (isInterrupted)
        {
            console.Error.WriteLine($"interrupted: {folder!.Manifest.Blocks.Count} of {folder.Manifest.BlocksAsked} blocks are "
                + $"kept; 'lab compare --resume {folder.Path}' measures the rest");
            return ExitCode.Interrupted;
        }
        return Code(comparison, folder);
    }

    /// <summary>Compares what has been measured, prints it, and writes the page.</summary>
    /// <param name="folder">Of the arms that were measured; null where none were.</param>
    /// <param name="arms">All.</param>
    /// <param name="given">Those that were measured before.</param>
    public ArmComparison Conclude(
        ComparisonFolder? folder, IReadOnlyList<ComparisonArm> arms, FixedArms given)
    {
        IReadOnlyList<ArmRuns> runs = [.. arms.Select(
            (arm, index) => arm.Source == ArmSource.Strategy ? ArmReader.FromBlocks(folder!, index) : given.Of(index))];
        if (request.SaveBaseline is { } name) Save(name, folder!, IsWhole(folder));
        ArmComparison comparison = ArmComparison.Of(
            runs, request.Threshold ?? folder?.Manifest.Threshold ?? ThresholdDefault,
            request.Gated.Count > 0 ? request.Gated : folder?.Manifest.Gated ?? []) with
            { Subject = folder?.Manifest.Subject ?? request.Subject };
        if (arms.Count > 1)
        {
            CompareOutput.Print(comparison, folder, request.Values.Of(CompareSettings.Format), console.Text, console.Out,
                console.Error);
            console.Out.Flush();
            if (folder is not null) console.Loss?.Kept("comparison", folder.Path);
            if (folder is { Manifest.Blocks.Count: > 0 })
            {
                console.Error.WriteLine($"report: {ComparisonReport.Write(comparison, folder)}");
            }
        }
        return comparison;
    }

    /// <summary>The exit code that it deserves; why it is none of a verdict is said.</summary>
    public int Code(ArmComparison comparison, ComparisonFolder? folder)
    {
        if (folder?.Manifest.Blocks.SelectMany(block => block.Runs)
            .Any(run => run.ExitCode == ExitCode.InvariantViolated) == true)
        {
            return ExitCode.InvariantViolated;
        }
        // Arms that are measured here may have been starved, or measured nothing.
        bool hasEmptyRuns = folder?.Manifest.Blocks.SelectMany(block => block.Runs)
            .Any(run => run.ExitCode == ExitCode.Contaminated) == true;
        if (comparison.Arms.FirstOrDefault(arm => arm.Runs.Count == 0) is { } empty)
        {
            console.Error.WriteLine($"lab: {empty.Label} has no run that can be compared.");
            return hasEmptyRuns ? ExitCode.Contaminated : ExitCode.Usage;
        }
        if (comparison.Arms.Count > 1 && comparison.Rows.All(row => row.Answer is null))
        {
            console.Error.WriteLine($"lab: nothing was compared: {WhyNot(comparison)}.");
            return request.Values.Of(CompareSettings.Gate) ? ExitCode.Inconclusive : ExitCode.Contaminated;
        }
        if (request.Values.Of(CompareSettings.Strict) && comparison.Arms.Any(arm => arm.Contaminations.Count > 0))
        {
            return ExitCode.Contaminated;
        }
        if (comparison.Gate.Any(answer => answer.Verdict == RatioVerdict.Slower)) return ExitCode.Regression;
        if (hasEmptyRuns) return ExitCode.Contaminated;
        bool isOpen =
            !IsWhole(folder) || !comparison.Gate.Any()
                || comparison.Gate.Any(answer => answer.Verdict == RatioVerdict.Inconclusive);
        return request.Values.Of(CompareSettings.Gate) && comparison.Arms.Count > 1 && isOpen ? ExitCode.Inconclusive
            : ExitCode.Fine;
    }

    private static bool IsWhole(ComparisonFolder? folder) =>
        folder is null || folder.Manifest.Blocks.Count >= folder.Manifest.BlocksAsked;

    /// <summary>The reason of what was to decide first, or that there is nothing that both have.</summary>
    private static string WhyNot(ArmComparison comparison)
    {
        if (comparison.Rows.Count == 0) return "the arms have no workload, MMU and metric in common";
        ComparedRow row = comparison.Rows.FirstOrDefault(one => one.Gated) ?? comparison.Rows[0];
        return $"{row.Metric} {row.Quantile}: {row.NotAsked}";
    }

    private ComparisonFolder Create(IReadOnlyList<ComparisonArm> arms)
    {
        RunRequest[] measured = [.. arms.Where(arm => arm.Source == ArmSource.Strategy).Select(Rehearsed)];
        if (request.Turns is not null) RefuseMoreThanFits(measured);
        ComparisonFolder folder = ComparisonFolder.Create(request.Out, new ComparisonManifest
        {
            CommandLine = commandLine,
            Seed = request.Seed,
            BlocksAsked = request.Blocks!.Value,
            Threshold = request.Threshold!.Value,
            Gated = request.Gated,
            Turns = request.Turns,
            Subject = request.Subject,
            Arms = arms,
        });
        console.Error.WriteLine($"comparison: {folder.Path}");
        return folder;
    }

    private RunRequest Rehearsed(ComparisonArm arm)
    {
        using ChildRun child = new(arm, request.Seed);
        return child.Rehearse();
    }

    /// <summary>Arms that take turns are there at the same time; each by itself has been found to fit.</summary>
    private static void RefuseMoreThanFits(IReadOnlyList<RunRequest> measured)
    {
        long together = measured.Where(one => one.Mmu != "radix").Sum(one => one.Parameters.MemoryBytes);
        if (together == 0 || MachineLimits.Read().AvailableMemoryBytes is not { } available || together <= available) return;
        throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"--memory: {measured.Count} arms that take turns need {together / (double)(1L << 30):0.0}GiB of real memory "
                + $"together, and {available / (double)(1L << 30):0.0}GiB are available; ask for less, or --turns off."));
    }

    private ComparisonFolder Resume(ComparisonFolder folder)
    {
        int blocks = request.Blocks ?? folder.Manifest.BlocksAsked;
        if (blocks < folder.Manifest.Blocks.Count) throw new UsageException($"--blocks {blocks} is fewer than the "
            + $"{folder.Manifest.Blocks.Count} that '{folder.Path}' has already; ask for more.");
        try
        {
            folder.Resume(blocks);
        }
        catch (InvalidOperationException busy)
        {
            throw new UsageException($"'{folder.Path}' cannot be resumed: {busy.Message}; wait for it, or stop it.");
        }
        // A comparison that was killed leaves a child which measures on, and would disturb what is measured now.
        RunStore left = new(folder.Runs);
        for (int wait = 0; wait < OrphanSeconds * 10 && left.List().Any(run => run.State == RunState.Running); wait++)
        {
            Thread.Sleep(100);
        }
        return folder;
    }

    private void Save(string name, ComparisonFolder folder, bool isWhole)
    {
        string[] runs = [.. folder.Manifest.Blocks.SelectMany(block => block.Runs)
            .Where(run => run is { Run: not null, Problem: null }).Select(run => Path.Combine(folder.Runs, run.Run!))];
        if (isWhole && runs.Length > 0) SavedBaseline.Save(name, runs, SavedBaseline.Beside(request.Out), console);
        else console.Error.WriteLine($"note: the comparison is not complete, so it is not kept as baseline '{name}'.");
    }
}
