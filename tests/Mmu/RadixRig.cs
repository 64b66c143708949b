using Lab.Mmu;

namespace Lab.Tests.Mmu;

/// <summary>The radix MMU alone, without a VM: roots are made, mapped and freed by hand.</summary>
internal sealed unsafe class RadixRig : IDisposable
{
    /// <summary>Any address that an SPTE can hold; the tables never look behind it.</summary>
    public const ulong Frame = 0x7000_1234_5000;

    private readonly VcpuRequests _requests = new(1);

    public RadixRig(VmSettings? settings = null)
    {
        Mmu = new RadixMmu<ScriptedMachine, FourLevels>(
            new ScriptedMachine(Script), settings ?? new VmSettings { MemoryBytes = 8 << 20 }, Lock, _requests, Oracle);
        Cache = Mmu.NewCache();
    }

    public Script Script { get; } = new();

    public MmuLock Lock { get; } = new();

    public Oracle Oracle { get; } = new(default(Metal));

    public RadixMmu<ScriptedMachine, FourLevels> Mmu { get; }

    public TableCache Cache { get; }

    public TdpRoot NewRoot()
    {
        Cache.TopUp();
        return Mmu.CreateRoot(Cache, RootRole.Normal);
    }

    public MapOutcome Map(TdpRoot root, ulong gfn, bool write = true) => Map(Cache, root, gfn, write);

    public MapOutcome Map(TableCache cache, TdpRoot root, ulong gfn, bool write = true)
    {
        cache.TopUp();
        Lock.EnterShared();
        Mmu.Rcu.Enter();
        MapOutcome outcome = Mmu.Map(cache, root, new Mapping(new Gfn(gfn), new Hva(Frame), MayWrite: true, write));
        Mmu.Rcu.Exit();
        Lock.ExitShared();
        return outcome;
    }

    public void MapAll(TdpRoot root, GfnRange range)
    {
        for (ulong gfn = range.Start.Value; gfn < range.End.Value; gfn++) Map(root, gfn);
    }

    public void ZapShared(TdpRoot root, ZapPasses passes)
    {
        Lock.EnterShared();
        Mmu.ZapRoot(root, default(SharedHold), passes, mayYield: true, hooks: null);
        Lock.ExitShared();
    }

    public void ZapExclusive(TdpRoot root, ZapPasses passes)
    {
        Lock.EnterExclusive();
        Mmu.ZapRoot(root, default(ExclusiveHold), passes, mayYield: true, hooks: null);
        Lock.ExitExclusive();
    }

    public bool ZapLeafs(TdpRoot root, GfnRange range, bool flush = false)
    {
        Lock.EnterExclusive();
        bool owed = Mmu.ZapLeafs(root, range, default, mayYield: true, flush);
        Lock.ExitExclusive();
        return owed;
    }

    public bool WriteProtect(TdpRoot root, GfnRange range)
    {
        Lock.EnterShared();
        bool flush = Mmu.WriteProtect(root, range, default);
        Lock.ExitShared();
        return flush;
    }

    public WalkOutcome Walk(TdpRoot root, ulong gfn, bool write) => Mmu.Walk(root, new Gfn(gfn), write, out _);

    public long Present(TdpRoot root, GfnRange range, PageLevel minLevel = Spte.LeafLevel)
    {
        Mmu.Rcu.Enter();
        long present = Mmu.CountPresent(root, range, minLevel);
        Mmu.Rcu.Exit();
        return present;
    }

    /// <summary>Where the entry for the frame at that level lives. The tables above it must be there.</summary>
    public ulong* SptepOf(TdpRoot root, ulong gfn, PageLevel level)
    {
        ulong* table = root.Table;
        for (PageLevel at = RootRole.Normal.Level; ; at--)
        {
            ulong* sptep = table + ((gfn >> (9 * ((int)at - 1))) & 511);
            if (at == level) return sptep;
            table = (ulong*)Spte.Address(*sptep);
        }
    }

    /// <summary>Frees an emptied root and returns the table pages still in use, with every grace period over and the cache given
    /// back.</summary>
    public long TablesLeftAfterFree(TdpRoot root)
    {
        root.Header->State = (ulong)RootState.Unlinked;
        Mmu.FreeRoot(root);
        Cache.Drain();
        Mmu.Rcu.Barrier();
        return Mmu.TablePages;
    }

    public void Dispose()
    {
        Mmu.Dispose();
        _requests.Dispose();
        Lock.Dispose();
    }
}
