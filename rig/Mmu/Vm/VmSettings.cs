using System.Globalization;
using Lab.Settings;

namespace Lab.Mmu;

/// <summary>When a zap that may yield drops mmu_lock for others.</summary>
public enum YieldPolicy
{
    /// <summary>Never: it finishes in one go.</summary>
    Off,

    /// <summary>Whenever somebody waits for the lock and at least one entry was processed since the last yield (the kernel's
    /// rule).</summary>
    Contended,

    /// <summary>As <see cref="Contended"/>, but only after a number of entries of progress.</summary>
    AfterEntries,
}

/// <summary>How finely a whole root is zapped, which is how often it can yield and how long one step is.</summary>
public enum ZapPasses
{
    /// <summary>What the strategy's source did.</summary>
    AsSource,

    /// <summary>One pass over the top level: a whole subtree per step (5.13–5.17).</summary>
    Root,

    /// <summary>1 GiB subtrees, then the top level (5.18–6.8; commit 1b6043e8e584).</summary>
    Coarse,

    /// <summary>4 KiB, 2 MiB, 1 GiB, then the top level (6.9; commit 8ca983631f3c).</summary>
    Fine,

    /// <summary>2 MiB, so whole leaf tables, 1 GiB, then the top level: no kernel's, for comparison.</summary>
    Tables,
}

/// <summary>How vCPUs hold mmu_lock when they load and put roots.</summary>
public enum RootLoad
{
    /// <summary>As the strategy's source does.</summary>
    AsSource,

    /// <summary>Shared (6.9 and later). Not with a strategy whose source relies on the exclusive hold.</summary>
    Shared,

    /// <summary>Exclusive (before 6.9). Safe with every strategy: who may share the lock may also have it alone.</summary>
    Exclusive,
}

/// <summary>Places where a run can be made to dally, to widen a window that a bug needs (reference 15.2).</summary>
public enum PausePoint
{
    /// <summary>Between a fast zap's invalidation and its completion.</summary>
    FastZap,

    /// <summary>Between a put's decrement to zero and the mark that makes the root invalid.</summary>
    PutEdge,

    /// <summary>Between an iterator's look at the invalid bit and its get.</summary>
    RootFilter,

    /// <summary>Inside a detached subtree, before its entries are taken.</summary>
    Detached,
}

/// <summary>Everything that shapes a VM. Written to the manifest; two VMs with equal settings differ only in timing.</summary>
public sealed record VmSettings
{
    public int Vcpus { get; init; } = 4;

    /// <summary>Guest memory that the workload may map, in bytes. Sizes the arena of table pages.</summary>
    public long MemoryBytes { get; init; } = 256L << 20;

    /// <summary>Level of the leafs that faults install.</summary>
    public PageLevel LeafLevel { get; init; } = PageLevel.Size4K;

    public YieldPolicy Yield { get; init; } = Declared.Yield.DefaultValue.Policy;

    /// <summary>Entries of progress between yields under <see cref="YieldPolicy.AfterEntries"/>.</summary>
    public int YieldEntries { get; init; } = 512;

    public ZapPasses Passes { get; init; } = Declared.Passes.DefaultValue;

    public RootLoad RootLoad { get; init; } = Declared.RootLoad.DefaultValue;

    /// <summary>Worker threads of a strategy's work queue.</summary>
    public int Workers { get; init; } = Declared.Workers.DefaultValue;

    /// <summary>Niceness of those threads; zero: that of the process. Less than that needs privilege.</summary>
    public int WorkerNice { get; init; } = Declared.WorkerNice.DefaultValue;

    /// <summary>New roots go to the tail of the list instead of its head. The kernel inserts at the head, and that hides a bug
    /// (reference 3.4).</summary>
    public bool InsertAtTail { get; init; } = Declared.InsertAtTail.DefaultValue;

    /// <summary>Readers of a <see cref="RwSemaphore"/> pass writers that wait, instead of queueing behind them.</summary>
    public bool ReadersFirst { get; init; } = Declared.ReadersFirst.DefaultValue;

    /// <summary>A fault looks for invalidations of its frame without mmu_lock, too, before and after it looks the frame up, and
    /// is tried again without ever waiting for the lock (d02c357e5bfa, Linux 6.8).</summary>
    public bool PreChecks { get; init; } = Declared.PreChecks.DefaultValue;

    /// <summary>A write to a page that is only write-protected is mended without mmu_lock (fast_page_fault).</summary>
    public bool FastFaults { get; init; } = Declared.FastFaults.DefaultValue;

    /// <summary>Page tables remember where there is no memslot (enable_mmio_caching).</summary>
    public bool CachesMmio { get; init; } = Declared.CachesMmio.DefaultValue;

    /// <summary>A slot may lie over the memory of another. Known from the start, so that nobody learns of it while a notifier
    /// runs, and who shares none pays nothing.</summary>
    public bool SharesMemory { get; init; }

    /// <summary>Shortest grace period of page-table pages.</summary>
    public TimeSpan GracePeriodMin { get; init; } = Declared.GracePeriodMin.DefaultValue;

    /// <summary>How long to dally at each <see cref="PausePoint"/>, in nanoseconds; absent is not at all.</summary>
    public IReadOnlyDictionary<PausePoint, long> PauseNanoseconds { get; init; } = Declared.Pauses.DefaultValue;

    /// <summary>Table pages the arena has room for: sixteen full trees of zombies, and a floor for small guests.</summary>
    internal long TableCapacity => Math.Max(65_536, 16 * (MemoryBytes >> 21) + 65_536);

    /// <summary>What was set of it; how much memory for how many vCPUs follows from machine and workload.</summary>
    public static VmSettings Of(SettingValues values) => new()
    {
        Yield = values.Of(Declared.Yield).Policy,
        YieldEntries = values.Of(Declared.Yield).Entries,
        Passes = values.Of(Declared.Passes),
        RootLoad = values.Of(Declared.RootLoad),
        Workers = values.Of(Declared.Workers),
        WorkerNice = values.Of(Declared.WorkerNice),
        InsertAtTail = values.Of(Declared.InsertAtTail),
        ReadersFirst = values.Of(Declared.ReadersFirst),
        PreChecks = values.Of(Declared.PreChecks),
        FastFaults = values.Of(Declared.FastFaults),
        CachesMmio = values.Of(Declared.CachesMmio),
        GracePeriodMin = values.Of(Declared.GracePeriodMin),
        PauseNanoseconds = values.Of(Declared.Pauses),
    };

    /// <summary>When zaps yield, and after how many entries of progress.</summary>
    public readonly record struct YieldRule(YieldPolicy Policy, int Entries);

    /// <summary>What can be set of a VM on any MMU.</summary>
    public static class Declared
    {
        private const string After = "after:";
        public static SettingGroup Group { get; } = new("Page tables, roots and locks");
        public static Setting<YieldRule> Yield { get; } = Group.Add(
            "yield", new Form<YieldRule>(YieldOf, Print) { Takes = "off, contended, or after:N entries of progress",
                Corners = [new(YieldPolicy.Off, 1), new(YieldPolicy.AfterEntries, 7)] },
            "contended", "zaps drop a contended lock");
        public static Setting<ZapPasses> Passes { get; } = Group.Add(
            "zap-passes",
            Form.Words(("source", ZapPasses.AsSource), ("root", ZapPasses.Root), ("coarse", ZapPasses.Coarse),
                ("fine", ZapPasses.Fine), ("2m", ZapPasses.Tables)),
            "source", "granularity of whole-root zaps");
        public static Setting<RootLoad> RootLoad { get; } = Group.Add(
            "root-load",
            Form.Words(("source", Mmu.RootLoad.AsSource), ("shared", Mmu.RootLoad.Shared), ("exclusive", Mmu.RootLoad.Exclusive)),
            "source", "hold of mmu_lock under which vCPUs load and put roots", Recorded.WhenSet);
        public static Setting<int> Workers { get; } =
            Group.Add("workers", Form.Whole(1, 64), "1", "worker threads of a strategy's queue");
        public static Setting<int> WorkerNice { get; } = Group.Add(
            "worker-nice", Form.Whole(-20, 19), "0", "niceness of those threads, 0 for that of the process", Recorded.WhenSet);
        public static Setting<bool> InsertAtTail { get; } = Group.Add(
            "insert", Form.Words(("head (as the kernel)", false), ("tail", true)), "head", "where new roots join the list");
        public static Setting<bool> ReadersFirst { get; } = Group.Add(
            "rwsem", Form.Words(("fair (as the kernel)", false), ("readers", true)), "fair",
            "who enters a notifier's semaphore while a writer waits", Recorded.WhenSet);
        public static Setting<bool> PreChecks { get; } = Group.Add(
            "pre-check", Form.Words(("off", false), ("on (Linux 6.8 and later)", true)), "off",
            "faults look for invalidations before they wait for mmu_lock", Recorded.WhenSet);
        public static Setting<bool> FastFaults { get; } = Group.Add(
            "fast-faults", Form.Words(("off", false), ("on (as the kernel)", true)), "off",
            "a write to a write-protected page takes no lock", Recorded.WhenSet);
        public static Setting<bool> CachesMmio { get; } = Group.Add(
            "mmio-caching", Form.Words(("off", false), ("on (as the kernel)", true)), "off",
            "page tables remember where there is no memslot", Recorded.WhenSet);
        public static Setting<TimeSpan> GracePeriodMin { get; } = Group.Add(
            "grace", Form.Duration(TimeSpan.Zero, TimeSpan.FromSeconds(10)), "1ms", "shortest grace period of page tables");
        public static Setting<IReadOnlyDictionary<PausePoint, long>> Pauses { get; } = Group.Add(
            "pause", new Form<IReadOnlyDictionary<PausePoint, long>>(PausesOf, Print)
            {
                Takes = "fast-zap=200us, put-edge=…, root-filter=…, detached=…; comma-separated",
                Corners = [new Dictionary<PausePoint, long> { [PausePoint.FastZap] = 200_000, [PausePoint.Detached] = 1 }],
            },
            "none", "dally at a point, to widen the window of a bug", unset: "none");

        private static YieldRule YieldOf(string option, string text) =>
            text.StartsWith(After, StringComparison.Ordinal)
                ? new(YieldPolicy.AfterEntries, Quantities.Whole($"{option} {After}", text[After.Length..], 1, 1 << 30))
                : new(Names.Choice(option, text, ("off", YieldPolicy.Off), ("contended", YieldPolicy.Contended),
                    ("after:N", YieldPolicy.AfterEntries)), 1);

        private static string Print(YieldRule rule) => rule.Policy switch
        {
            YieldPolicy.Off => "off",
            YieldPolicy.AfterEntries => string.Create(CultureInfo.InvariantCulture, $"{After}{rule.Entries}"),
            _ => "contended",
        };

        private static IReadOnlyDictionary<PausePoint, long> PausesOf(string option, string text)
        {
            Dictionary<PausePoint, long> pauses = [];
            if (text == "none") return pauses;
            foreach (string item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                string[] parts = item.Split('=');
                if (parts.Length != 2) throw Quantities.Bad(option, item, "a point and a duration such as fast-zap=200us");
                PausePoint point = Names.Find("pause point", parts[0], Enum.GetValues<PausePoint>(), NameOf);
                long nanoseconds = Quantities.Nanoseconds(option, parts[1]);
                if (nanoseconds is <= 0 or > 1_000_000_000) throw Quantities.Bad(option, item, "a duration from 1ns to 1s");
                if (!pauses.TryAdd(point, nanoseconds)) throw new UsageException(
                    $"{option} gives '{NameOf(point)}' twice; give it once.");
            }
            return pauses;
        }

        private static string Print(IReadOnlyDictionary<PausePoint, long> pauses) =>
            pauses.Count == 0 ? "none" : string.Join(',',
                pauses.Select(pause => string.Create(CultureInfo.InvariantCulture, $"{NameOf(pause.Key)}={pause.Value}ns")));

        private static string NameOf(PausePoint point) => point switch
        {
            PausePoint.FastZap => "fast-zap",
            PausePoint.PutEdge => "put-edge",
            PausePoint.RootFilter => "root-filter",
            _ => "detached",
        };
    }
}
