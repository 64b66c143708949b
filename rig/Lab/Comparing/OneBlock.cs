using Lab.Results.Comparisons;

namespace Lab.Application.Comparing;

/// <summary>Measures blocks of a comparison, each by itself: its order and its seed follow from its number.</summary>
/// <param name="comparison">Arms, seed and turns.</param>
/// <param name="place">Where its runs happen.</param>
public sealed class OneBlock(ComparisonManifest comparison, IRunPlace place)
{
    private readonly int[] _measured =
        [.. comparison.Arms.Index().Where(arm => arm.Item.Source == ArmSource.Strategy).Select(arm => arm.Index)];

    /// <summary>The arms that it measures, in the block's order.</summary>
    public IReadOnlyList<int> OrderOf(int number) =>
        [.. BlockOrder.Of(number, _measured.Length, comparison.Seed).Select(place => _measured[place])];

    /// <summary>Null if it was interrupted.</summary>
    /// <param name="number">From 1.</param>
    /// <param name="cancellation">Kills its runs.</param>
    public ComparisonBlock? Measure(int number, CancellationToken cancellation)
    {
        ulong seed = comparison.Seed + (ulong)(number - 1);
        int[] order = [.. OrderOf(number)];
        IReadOnlyList<BlockRun>? runs = place.HasTurns && comparison.Turns is { } turn && order.Length > 1
            ? InTurns(order, seed, turn, cancellation) : OneAfterAnother(order, seed, cancellation);
        return runs is null ? null : new ComparisonBlock { Number = number, Seed = seed, Runs = runs };
    }

    private List<BlockRun>? OneAfterAnother(int[] order, ulong seed, CancellationToken cancellation)
    {
        List<BlockRun> runs = [];
        foreach (int arm in order)
        {
            if (cancellation.IsCancellationRequested) return null;
            using ChildRun child = new(comparison.Arms[arm], seed);
            child.Start(place, abreast: 1, cancellation);
            if (child.End(arm, cancellation) is not { } run) return null;
            runs.Add(run);
        }
        return runs;
    }

    /// <summary>Each warms up alone and stops; then one at a time goes on for a turn, in the block's order and backwards by
    /// turns, until all have ended. One that does not stop, because its load cannot, has measured in one piece before the next
    /// one starts.</summary>
    private List<BlockRun>? InTurns(int[] order, ulong seed, string turn, CancellationToken cancellation)
    {
        ChildRun[] children = [.. order.Select(arm => new ChildRun(comparison.Arms[arm], seed, turn))];
        try
        {
            List<ChildRun> waiting = [];
            foreach (ChildRun child in children)
            {
                if (cancellation.IsCancellationRequested) return null;
                child.Start(place, children.Length, cancellation);
                if (child.AwaitStop()) waiting.Add(child);
            }
            while (waiting.Count > 0)
            {
                waiting.RemoveAll(child => !child.TakeTurn());
                waiting.Reverse();
            }
            BlockRun?[] runs = [.. children.Zip(order, (child, arm) => child.End(arm, cancellation))];
            return runs.Contains(null) ? null : [.. runs.OfType<BlockRun>()];
        }
        finally
        {
            foreach (ChildRun child in children) child.Dispose();
        }
    }
}
