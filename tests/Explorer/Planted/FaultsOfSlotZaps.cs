using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>Roots stay valid, and only what the deleted slot had mapped is zapped, under one exclusive hold with one
/// flush.</summary>
[Strategy("s-slot-zap", Idea = "roots stay; the slot's leafs go", Source = "for the tests")]
public class SlotOnly<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool? KeepsRoots => true;

    protected virtual GfnRange Range => Vm.DoomedRange;

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        if (Zap(hold)) Vm.Mmu.FlushRemoteTlbs();
    }

    public override void ZapInvalidatedRoots() { }

    public override void Destroy()
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root)) Mark(root);
        base.ZapInvalidatedRoots();
    }

    /// <summary>True if a flush is owed.</summary>
    protected virtual bool Zap(ExclusiveHold hold)
    {
        bool flush = false;
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.All, hold))
        {
            flush = Vm.Mmu.ZapLeafs(root, Range, hold, mayYield: true, flush);
        }
        return flush;
    }
}

/// <summary>The flush comes after mmu_lock was left: who finds nothing to zap meanwhile flushes nothing and returns.</summary>
[Strategy("p-flush-late", Status = StrategyStatus.Broken, Idea = "flushes without mmu_lock", Source = "planted", Breaks = "I21")]
public sealed class FlushesLate<TMachine>(Vm<TMachine> vm) : SlotOnly<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private bool _owed;

    public override void InvalidateAllRoots(ExclusiveHold hold) => _owed = Zap(hold);

    public override void ZapInvalidatedRoots()
    {
        if (_owed) Vm.Mmu.FlushRemoteTlbs();
    }
}

/// <summary>What the first table maps of the slot, and no more.</summary>
[Strategy("p-first-table", Status = StrategyStatus.Broken, Idea = "a slot of more than one table is zapped in part",
    Source = "planted", Breaks = "I6")]
public sealed class FirstTable<TMachine>(Vm<TMachine> vm) : SlotOnly<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override GfnRange Range => GfnRange.Of(Vm.DoomedRange.Start.Value, Math.Min(2, Vm.DoomedRange.Frames));
}

/// <summary>Yields inside a root that only its vCPU refers to.</summary>
[Strategy("p-yields-unreferenced", Status = StrategyStatus.Broken, Idea = "a slot zap yields on a root without a reference",
    Source = "planted", Breaks = "I3")]
public sealed class YieldsUnreferenced<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool? KeepsRoots => true;

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        bool flush = false;
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            flush = Vm.Mmu.ZapLeafs(root, Vm.DoomedRange, hold, mayYield: true, flush);
        }
        if (flush) Vm.Mmu.FlushRemoteTlbs();
    }

    public override void ZapInvalidatedRoots() { }
}
