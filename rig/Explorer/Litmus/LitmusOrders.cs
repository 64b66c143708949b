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
    /// <summary>The smallest sets of changes that forbid what the test asks about, at most <paramref name="most"/> of them, those
    /// that cost least first; none if no small set does.</summary>
    internal IReadOnlyList<LitmusChange> Fixes(int most)
    {
        SmallestFix fix = new([.. test.Sites.Where(site => site.Operation.HasAddress).Select(SiteOf)],
            (asked, changes) => LitmusExplorer.Reaches(test, asked, changes, isStopped), isStopped);
        return [.. fix.Under(model, most).Select(Told)];
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
            or FenceKind.Acquire or FenceKind.Release or FenceKind.AcquireRelease or FenceKind.Sequential
            || operation.Kind == LitmusOperationKind.StoreThenFence)
        {
            yield return OrderChange.Without(site.Site);
        }
        if (!operation.HasOrder || operation.Order == EventOrder.Relaxed) yield break;
        yield return OrderChange.To(site.Site, EventOrder.Relaxed);
        if (operation.Order is EventOrder.Acquire or EventOrder.Release) yield break;
        if (operation.Kind != LitmusOperationKind.Store) yield return OrderChange.To(site.Site, EventOrder.Acquire);
        if (operation.Kind != LitmusOperationKind.Load) yield return OrderChange.To(site.Site, EventOrder.Release);
        if (operation is { Order: EventOrder.Sequential, Kind: not (LitmusOperationKind.Load or LitmusOperationKind.Store) })
        {
            yield return OrderChange.To(site.Site, EventOrder.AcquireRelease);
        }
    }

    private OrderSite SiteOf(LitmusCall site)
    {
        LitmusOperation operation = site.Operation;
        return new OrderSite(site.Site, operation.Order, operation.Kind != LitmusOperationKind.Store,
            operation.Kind != LitmusOperationKind.Load)
        {
            // atomic_inc and its like, which return nothing, have no other form.
            HasOrder = operation.HasOrder
                && !(operation.Kind == LitmusOperationKind.Arithmetic && operation.Result == LitmusResult.Nothing),
            IsC11 = operation.IsC11,
            TakesFence = operation.Kind != LitmusOperationKind.StoreThenFence && !IsFirst(site),
        };
    }

    private bool IsFirst(LitmusCall site) =>
        test.ThreadOf(site) is var thread && !test.Sites.Any(other =>
            other.Site < site.Site && other.Operation.HasAddress && test.ThreadOf(other) == thread);

    private LitmusChange Told(OrderChange[] set) => new([.. set.OrderBy(change => change.Site).Select(Told)]);

    private string Told(OrderChange change)
    {
        LitmusCall site = test.Sites[change.Site];
        string place = string.Create(CultureInfo.InvariantCulture,
            $"{site.Text} of P{test.ThreadOf(site)}, line {site.Line},");
        if (change.Fence is { } fence)
        {
            string name = fence switch
            {
                FenceKind.Store => "smp_wmb",
                FenceKind.Load => "smp_rmb",
                FenceKind.Release => "atomic_thread_fence(memory_order_release)",
                FenceKind.Acquire => "atomic_thread_fence(memory_order_acquire)",
                FenceKind.Sequential => "atomic_thread_fence(memory_order_seq_cst)",
                _ => "smp_mb",
            };
            return $"{name} before {place.TrimEnd(',')}";
        }
        return change.Order switch
        {
            EventOrder.Release => $"{place} a release",
            EventOrder.Acquire => $"{place} an acquire",
            EventOrder.Full => $"{place} fully ordered",
            EventOrder.AcquireRelease => $"{place} acquire and release",
            EventOrder.Sequential => $"{place} sequentially consistent",
            EventOrder.Relaxed => $"{place} relaxed",
            _ when site.Operation.Kind == LitmusOperationKind.StoreThenFence => $"{place} without its fence",
            _ => $"{place} left out",
        };
    }
}
