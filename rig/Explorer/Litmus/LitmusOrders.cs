using System.Globalization;
using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>A set of orders made other than the test says, and what comes of it.</summary>
/// <param name="Changes">In words, each with its line.</param>
public sealed record LitmusChange(IReadOnlyList<string> Changes)
{
    public override string ToString() => string.Join(", and ", Changes);
}

/// <summary>Which orders a test lacks, and which it does not need.</summary>
internal sealed class LitmusOrders(LitmusTest test, OrderModel model, Func<bool> isStopped)
{
    /// <summary>Sets of more changes are not looked for: a test of four threads needs no more than one for each.</summary>
    private const int ChangesMax = 4;

    /// <summary>The smallest sets of changes that forbid what the test asks about, at most <paramref name="most"/> of them, those
    /// that cost least first; none if no set of at most <see cref="ChangesMax"/> does.</summary>
    /// <remarks>Each access as a release, an acquire or a full modification, and each fence before each access that is not the
    /// first of its thread. A set is left out if a weaker one of the same size does.</remarks>
    internal IReadOnlyList<LitmusChange> Fixes(int most)
    {
        // What sequential consistency allows no order forbids.
        if (LitmusExplorer.Reaches(test, new SequentialModel(), OrderChanges.None, isStopped) != false) return [];
        OrderChange[] single = [.. test.Sites.SelectMany(Stronger).OrderBy(Cost)];
        for (int size = 1; size <= ChangesMax; size++)
        {
            List<OrderChange[]> found = [];
            foreach (OrderChange[] set in Sets(single, size))
            {
                if (isStopped() || found.Count == most) break;
                if (found.Any(weaker => weaker.All(one => set.Any(other => Covers(other, one))))) continue;
                if (LitmusExplorer.Reaches(test, model, new OrderChanges(set), isStopped) == false) found.Add(set);
            }
            if (found.Count > 0 || isStopped()) return [.. found.Select(Told)];
        }
        return [];
    }

    /// <summary>Each order that can be dropped alone without a new state; the last entry, if several can, is what can be dropped
    /// together, the orders tried from the first line to the last.</summary>
    internal IReadOnlyList<LitmusChange> Spare()
    {
        HashSet<string> states = StatesWith([]);
        List<OrderChange> alone = [];
        List<OrderChange> together = [];
        foreach (OrderChange change in test.Sites.SelectMany(Weaker))
        {
            if (together.Any(one => one.Site == change.Site) || alone.Any(one => one.Site == change.Site)) continue;
            if (!StatesWith([change]).IsSubsetOf(states)) continue;
            alone.Add(change);
            if (StatesWith([.. together, change]).IsSubsetOf(states)) together.Add(change);
        }
        if (isStopped()) return [];
        return [.. alone.Select(change => Told([change])), .. together.Count > 1 ? [Told([.. together])] : (LitmusChange[])[]];
    }

    private HashSet<string> StatesWith(OrderChange[] changes) =>
        [.. LitmusExplorer.Explore(test, model, new OrderChanges(changes), isStopped).States.Keys];

    /// <summary>From the largest change to the smallest.</summary>
    private static IEnumerable<OrderChange> Weaker(LitmusCall site)
    {
        LitmusOperation operation = site.Operation;
        if (operation.Fence is FenceKind.Full or FenceKind.Store or FenceKind.Load or FenceKind.BeforeAtomic
            or FenceKind.AfterAtomic or FenceKind.AfterSpinLock or FenceKind.AfterUnlockLock
            || operation.Kind == LitmusOperationKind.StoreThenFence)
        {
            yield return OrderChange.Without(site.Site);
        }
        if (!operation.HasOrder || operation.Order == AccessOrder.Relaxed) yield break;
        yield return OrderChange.To(site.Site, AccessOrder.Relaxed);
        if (operation.Order != AccessOrder.Full) yield break;
        yield return OrderChange.To(site.Site, AccessOrder.Acquire);
        yield return OrderChange.To(site.Site, AccessOrder.Release);
    }

    private IEnumerable<OrderChange> Stronger(LitmusCall site)
    {
        LitmusOperation operation = site.Operation;
        if (!operation.HasAddress) yield break;
        // atomic_inc and its like, which return nothing, have no other form.
        if (operation.HasOrder && !(operation.Kind == LitmusOperationKind.Arithmetic && operation.Result == LitmusResult.Nothing))
        {
            bool isModification = operation.Kind is not (LitmusOperationKind.Load or LitmusOperationKind.Store);
            if (operation.Order == AccessOrder.Relaxed)
            {
                if (operation.Kind != LitmusOperationKind.Load) yield return OrderChange.To(site.Site, AccessOrder.Release);
                if (operation.Kind != LitmusOperationKind.Store) yield return OrderChange.To(site.Site, AccessOrder.Acquire);
            }
            if (isModification && operation.Order != AccessOrder.Full) yield return OrderChange.To(site.Site, AccessOrder.Full);
        }
        if (operation.Kind == LitmusOperationKind.StoreThenFence || IsFirst(site)) yield break;
        yield return OrderChange.Before(site.Site, FenceKind.Store);
        yield return OrderChange.Before(site.Site, FenceKind.Load);
        yield return OrderChange.Before(site.Site, FenceKind.Full);
    }

    private bool IsFirst(LitmusCall site) =>
        test.ThreadOf(site) is var thread && !test.Sites.Any(other =>
            other.Site < site.Site && other.Operation.HasAddress && test.ThreadOf(other) == thread);

    /// <summary>What a change of that kind costs a machine with weak ordering, as a rank.</summary>
    private static int Cost(OrderChange change) => change switch
    {
        { Order: AccessOrder.Release } => 0,
        { Order: AccessOrder.Acquire } => 1,
        { Fence: FenceKind.Store } => 2,
        { Fence: FenceKind.Load } => 3,
        { Order: AccessOrder.Full } => 4,
        _ => 5,
    };

    /// <summary>A change in the same place that does all that the other one does.</summary>
    private static bool Covers(OrderChange strong, OrderChange weak) => strong == weak
        || (strong.Site == weak.Site && strong.Order == AccessOrder.Full && weak.Order is not null)
        || (strong.Site == weak.Site && strong.Fence == FenceKind.Full);

    private static IEnumerable<OrderChange[]> Sets(OrderChange[] of, int size, int from = 0)
    {
        for (int first = from; first < of.Length; first++)
        {
            if (size == 1)
            {
                yield return [of[first]];
                continue;
            }
            foreach (OrderChange[] rest in Sets(of, size - 1, first + 1))
            {
                if (rest.All(other => other.Site != of[first].Site)) yield return [of[first], .. rest];
            }
        }
    }

    private LitmusChange Told(OrderChange[] set) => new([.. set.OrderBy(change => change.Site).Select(Told)]);

    private string Told(OrderChange change)
    {
        LitmusCall site = test.Sites[change.Site];
        string place = string.Create(CultureInfo.InvariantCulture,
            $"{site.Text} of P{test.ThreadOf(site)}, line {site.Line},");
        if (change.Fence is { } fence)
        {
            string name = fence switch { FenceKind.Store => "smp_wmb", FenceKind.Load => "smp_rmb", _ => "smp_mb" };
            return $"{name} before {place.TrimEnd(',')}";
        }
        return change.Order switch
        {
            AccessOrder.Release => $"{place} a release",
            AccessOrder.Acquire => $"{place} an acquire",
            AccessOrder.Full => $"{place} fully ordered",
            AccessOrder.Relaxed => $"{place} relaxed",
            _ when site.Operation.Kind == LitmusOperationKind.StoreThenFence => $"{place} without its fence",
            _ => $"{place} left out",
        };
    }
}
