using System.Globalization;
using Lab.Explorer.Orders;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Candidates;

internal enum CodeDoing : byte
{
    Load,
    Store,
    Modify,
}

/// <summary>An access as code can be spoken of that has no text: the thread's first store of that word.</summary>
/// <param name="Thread">Who.</param>
/// <param name="Doing">Does what.</param>
/// <param name="Location">To which word.</param>
/// <param name="Ordinal">For which time, from 1.</param>
internal readonly record struct CodeSite(int Thread, CodeDoing Doing, int Location, int Ordinal);

/// <summary>The accesses that a scene's threads have been seen to make, numbered.</summary>
internal sealed class CodeSites(Locations locations, IReadOnlyList<string> threads)
{
    private readonly Dictionary<CodeSite, int> _numbers = [];
    private readonly List<(CodeSite Site, AccessOrder Order, bool TakesFence)> _sites = [];

    /// <summary>The RCU domain of the program, once it has used one.</summary>
    internal Rcu? Domain { get; set; }

    /// <summary>File and line of each site, as far as they are known.</summary>
    internal Dictionary<int, string> Places { get; } = [];

    internal IReadOnlyList<OrderSite> All =>
    [
        .. _sites.Select((one, number) => new OrderSite(number, (EventOrder)one.Order, one.Site.Doing != CodeDoing.Store,
            one.Site.Doing != CodeDoing.Load) { TakesFence = one.TakesFence }),
    ];

    /// <summary>Number of the site.</summary>
    internal int Of(CodeSite site, AccessOrder order, bool isFirst)
    {
        if (!_numbers.TryGetValue(site, out int number))
        {
            _numbers.Add(site, number = _sites.Count);
            _sites.Add((site, order, !isFirst));
        }
        else if (!isFirst && !_sites[number].TakesFence) _sites[number] = _sites[number] with { TakesFence = true };
        return number;
    }

    /// <summary>A set of changes in words of the code.</summary>
    internal string Told(IEnumerable<OrderChange> changes) => string.Join(", and ", changes.Select(Told));

    private string Told(OrderChange change)
    {
        CodeSite site = _sites[change.Site].Site;
        string place = Places.TryGetValue(change.Site, out string? known) ? $" ({known})" : "";
        string access =
            $"{Ordinal(site)}{Verb(site.Doing)} of {locations.NameOf(site.Location)} by {threads[site.Thread]}{place}";
        if (change.Fence is { } fence)
        {
            string name = fence switch
            {
                FenceKind.Store => "StoreFence (smp_wmb)",
                FenceKind.Load => "LoadFence (smp_rmb)",
                _ => "FullFence (smp_mb)",
            };
            return $"a {name} before the {access}";
        }
        return $"the {access} {(change.Order, site.Doing) switch
        {
            (EventOrder.Release, CodeDoing.Store) => "a release: Store instead of StoreRelaxed",
            (EventOrder.Release, _) => "a release",
            (EventOrder.Acquire, CodeDoing.Load) => "an acquire: Load instead of LoadRelaxed",
            (EventOrder.Acquire, _) => "an acquire",
            _ => "fully ordered",
        }}";
    }

    /// <summary>Empty where the thread does it once only.</summary>
    private string Ordinal(CodeSite site) =>
        !_numbers.ContainsKey(site with { Ordinal = site.Ordinal == 1 ? 2 : 1 }) ? "" : site.Ordinal switch
        {
            1 => "first ",
            2 => "second ",
            3 => "third ",
            _ => string.Create(CultureInfo.InvariantCulture, $"{site.Ordinal}th "),
        };

    private static string Verb(CodeDoing doing) => doing switch
    {
        CodeDoing.Load => "load",
        CodeDoing.Store => "store",
        _ => "read-modify-write",
    };
}
