namespace Lab.Explorer.Orders;

/// <summary>An access of a program, and what can be other about it.</summary>
/// <param name="Site">Its number.</param>
/// <param name="Order">As the program says.</param>
/// <param name="Reads">It is a load or a read-modify-write.</param>
/// <param name="Writes">It is a store or a read-modify-write.</param>
internal sealed record OrderSite(int Site, EventOrder Order, bool Reads, bool Writes)
{
    /// <summary>It has forms of other orders.</summary>
    internal bool HasOrder { get; init; } = true;

    /// <summary>A fence before it could do something: it is not the first of its thread.</summary>
    internal bool TakesFence { get; init; }

    /// <summary>It is C11's, and so are its orders and the fences before it.</summary>
    internal bool IsC11 { get; init; }
}

/// <summary>The smallest sets of stronger orders with which something that happens can no longer happen.</summary>
/// <param name="sites">The accesses of the program.</param>
/// <param name="reaches">Whether it happens under a model with such changes; null if stopped before that was known.</param>
/// <param name="isStopped">Asked now and then; true ends the search with what was found.</param>
internal sealed class SmallestFix(
    IReadOnlyList<OrderSite> sites, Func<OrderModel, OrderChanges, bool?> reaches, Func<bool> isStopped)
{
    /// <summary>Sets of more changes are not looked for: a test of four threads needs no more than one for each.</summary>
    internal const int ChangesMax = 4;

    /// <summary>It happens under sequential consistency: no order forbids it.</summary>
    internal bool IsNoMatterOfOrder { get; private set; }

    /// <summary>At most <paramref name="most"/> sets, those that cost least first; none if no set of at most
    /// <see cref="ChangesMax"/> does.</summary>
    /// <remarks>Each access as a release, an acquire or a full modification (of C11: acquire and release, or sequentially
    /// consistent), and each fence before each access that is not the first of its thread. A set is left out if a weaker one of
    /// the same size does.</remarks>
    internal IReadOnlyList<OrderChange[]> Under(OrderModel model, int most)
    {
        bool? isAlwaysThere = reaches(new SequentialModel(), OrderChanges.None);
        IsNoMatterOfOrder = isAlwaysThere == true;
        if (isAlwaysThere != false) return [];
        OrderChange[] single = [.. sites.SelectMany(Stronger).OrderBy(Cost)];
        for (int size = 1; size <= ChangesMax; size++)
        {
            List<OrderChange[]> found = [];
            foreach (OrderChange[] set in Sets(single, size))
            {
                if (isStopped() || found.Count == most) break;
                if (found.Any(weaker => weaker.All(one => set.Any(other => Covers(other, one))))) continue;
                if (reaches(model, new OrderChanges(set)) == false) found.Add(set);
            }
            if (found.Count > 0 || isStopped()) return [.. found.Select(set => (OrderChange[])[.. set.OrderBy(one => one.Site)])];
        }
        return [];
    }

    private static IEnumerable<OrderChange> Stronger(OrderSite site)
    {
        if (site.HasOrder)
        {
            if (site.Order == EventOrder.Relaxed)
            {
                if (site.Writes) yield return OrderChange.To(site.Site, EventOrder.Release);
                if (site.Reads) yield return OrderChange.To(site.Site, EventOrder.Acquire);
            }
            bool isModification = site is { Reads: true, Writes: true };
            if (isModification && !site.IsC11 && site.Order != EventOrder.Full)
            {
                yield return OrderChange.To(site.Site, EventOrder.Full);
            }
            if (isModification && site.IsC11 && site.Order is not (EventOrder.AcquireRelease or EventOrder.Sequential))
            {
                yield return OrderChange.To(site.Site, EventOrder.AcquireRelease);
            }
            if (site.IsC11 && site.Order != EventOrder.Sequential)
            {
                yield return OrderChange.To(site.Site, EventOrder.Sequential);
            }
        }
        if (!site.TakesFence) yield break;
        yield return OrderChange.Before(site.Site, site.IsC11 ? FenceKind.Release : FenceKind.Store);
        yield return OrderChange.Before(site.Site, site.IsC11 ? FenceKind.Acquire : FenceKind.Load);
        yield return OrderChange.Before(site.Site, site.IsC11 ? FenceKind.Sequential : FenceKind.Full);
    }

    /// <summary>What a change of that kind costs a machine with weak ordering, as a rank.</summary>
    private static int Cost(OrderChange change) => change switch
    {
        { Order: EventOrder.Release } => 0,
        { Order: EventOrder.Acquire or EventOrder.AcquireRelease } => 1,
        { Fence: FenceKind.Store or FenceKind.Release } => 2,
        { Fence: FenceKind.Load or FenceKind.Acquire } => 3,
        { Order: EventOrder.Full or EventOrder.Sequential } => 4,
        _ => 5,
    };

    /// <summary>A change in the same place that does all that the other one does.</summary>
    private static bool Covers(OrderChange strong, OrderChange weak) => strong == weak
        || (strong.Site == weak.Site && weak.Order is not null
            && strong.Order is EventOrder.Full or EventOrder.AcquireRelease or EventOrder.Sequential
            && weak.Order is not (EventOrder.Full or EventOrder.Sequential))
        || (strong.Site == weak.Site && strong.Fence is FenceKind.Full or FenceKind.Sequential);

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
}
