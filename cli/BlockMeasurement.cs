using System.Diagnostics;
using System.Globalization;
using Lab.Results.Comparisons;

namespace Lab.Cli;

/// <summary>Measures the blocks of a comparison that are still missing, and says on standard error where it stands.</summary>
internal sealed class BlockMeasurement(ComparisonFolder folder, LabConsole console)
{
    /// <summary>Failing so often at the beginning, an arm will not do better later.</summary>
    private const int FailuresTolerated = 2;

    private readonly int[] _measured =
        [.. folder.Manifest.Arms.Index().Where(arm => arm.Item.Source == ArmSource.Strategy).Select(arm => arm.Index)];

    /// <summary>Returns when all blocks are there, an arm failed too often, or it was interrupted, which is true; finished blocks are kept in any case.</summary>
    public bool Run(CancellationToken cancellation)
    {
        Stopwatch elapsed = Stopwatch.StartNew();
        int before = folder.Manifest.Blocks.Count;
        for (int number = before + 1; number <= folder.Manifest.BlocksAsked; number++)
        {
            ComparisonBlock? block = Measure(number, Left(elapsed.Elapsed, number - 1 - before, folder.Manifest.BlocksAsked - number + 1), cancellation);
            if (block is null)
            {
                folder.Finish();
                return true;
            }
            folder.Add(block);
            foreach (BlockRun failed in block.Runs.Where(run => run.Problem is not null)) console.Error.WriteLine($"block {number}: {failed.Problem}");
            if (HopelessArm() is { } hopeless)
            {
                console.Error.WriteLine($"{hopeless} failed in each of the first {FailuresTolerated} blocks; no more are measured.");
                break;
            }
        }
        folder.Finish();
        return false;
    }

    /// <summary>Null if it was interrupted.</summary>
    private ComparisonBlock? Measure(int number, string left, CancellationToken cancellation)
    {
        ulong seed = folder.Manifest.Seed + (ulong)(number - 1);
        int[] order = [.. BlockOrder.Of(number, _measured.Length, folder.Manifest.Seed).Select(place => _measured[place])];
        console.Error.WriteLine($"[{number}/{folder.Manifest.BlocksAsked}] {string.Join(", ", order.Select(arm => folder.Manifest.Arms[arm].Label))}{left}");
        List<BlockRun> runs = [];
        foreach (int arm in order)
        {
            if (cancellation.IsCancellationRequested || new ChildRun(folder.Manifest.Arms[arm], folder.Runs, seed).Run(arm, cancellation) is not { } run) return null;
            runs.Add(run);
        }
        return new ComparisonBlock { Number = number, Seed = seed, Runs = runs };
    }

    private string? HopelessArm()
    {
        if (folder.Manifest.Blocks.Count != FailuresTolerated) return null;
        IGrouping<int, BlockRun>? arm = folder.Manifest.Blocks.SelectMany(block => block.Runs).GroupBy(run => run.Arm).FirstOrDefault(runs => runs.All(run => run.Problem is not null));
        return arm is null ? null : folder.Manifest.Arms[arm.Key].Label;
    }

    private static string Left(TimeSpan elapsed, int done, int missing) =>
        done == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({elapsed / done * missing:mm\\:ss} left)");
}
