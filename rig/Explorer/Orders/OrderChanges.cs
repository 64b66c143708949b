namespace Lab.Explorer.Orders;

/// <summary>Orders of a program made other than it says: what would be if this store were a release, if there were a fence
/// before that load, if that fence were not there.</summary>
internal sealed class OrderChanges
{
    internal static readonly OrderChanges None = new();

    private readonly Dictionary<int, EventOrder> _orders = [];
    private readonly Dictionary<int, FenceKind> _fences = [];
    private readonly HashSet<int> _dropped = [];

    internal OrderChanges()
    {
    }

    internal OrderChanges(IEnumerable<OrderChange> changes)
    {
        foreach (OrderChange change in changes)
        {
            if (change.Fence is { } fence) _fences[change.Site] = fence;
            else if (change.Order is { } order) _orders[change.Site] = order;
            else _dropped.Add(change.Site);
        }
    }

    internal EventOrder OrderOf(int site, EventOrder said) => _orders.GetValueOrDefault(site, said);

    internal FenceKind? FenceBefore(int site) => _fences.TryGetValue(site, out FenceKind fence) ? fence : null;

    internal bool IsDropped(int site) => _dropped.Contains(site);
}

/// <summary>One of them.</summary>
/// <param name="Site">Place in the program.</param>
/// <param name="Order">What the access there orders instead.</param>
/// <param name="Fence">What stands before it in addition.</param>
internal sealed record OrderChange(int Site, EventOrder? Order, FenceKind? Fence)
{
    internal static OrderChange To(int site, EventOrder order) => new(site, order, null);

    internal static OrderChange Before(int site, FenceKind fence) => new(site, null, fence);

    /// <summary>The fence there goes away.</summary>
    internal static OrderChange Without(int site) => new(site, null, null);
}
