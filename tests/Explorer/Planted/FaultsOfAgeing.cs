using Lab.Mmu;
using Lab.Strategies.Ageing;

namespace Lab.Tests.Explorer.Planted;

/// <summary>Looks after it has cleared: nobody has used anything.</summary>
[Strategy("p-says-old", Status = StrategyStatus.Broken, Idea = "clears, then looks", Source = "planted", Breaks = "I38",
    Needs = StrategyNeeds.AccessedBits)]
public sealed class SaysOld<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool ClearYoung(GfnRange range)
    {
        ClearAccessed(range);
        return TestAccessed(range);
    }

    public override bool TestYoung(GfnRange range) => TestAccessed(range);
}

/// <summary>Stops at the first page that was used.</summary>
[Strategy("p-stops-early", Status = StrategyStatus.Broken, Idea = "a pass that ends when its answer is known",
    Source = "planted", Breaks = "I38", Needs = StrategyNeeds.AccessedBits)]
public sealed class StopsEarly<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool ClearYoung(GfnRange range)
    {
        for (ulong gfn = range.Start.Value; gfn < range.End.Value; gfn++)
        {
            if (base.ClearYoung(GfnRange.Of(gfn, 1))) return true;
        }
        return false;
    }
}

/// <summary>A question makes pages old.</summary>
[Strategy("p-asks-once", Status = StrategyStatus.Broken, Idea = "a question that clears", Source = "planted", Breaks = "I38",
    Needs = StrategyNeeds.AccessedBits)]
public sealed class AsksOnce<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool TestYoung(GfnRange range) => ClearYoung(range);
}

/// <summary>Takes the dirty bit out with the accessed one.</summary>
[Strategy("p-loses-dirty", Status = StrategyStatus.Broken, Idea = "two bits at once", Source = "planted", Breaks = "I20",
    Needs = StrategyNeeds.AccessedBits)]
public sealed class LosesDirty<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void TakeAccessed(ref ulong sptep, ulong spte) =>
        Vm.Machine.CompareExchange(ref sptep, spte & ~(Spte.Accessed | Spte.Dirty), spte);
}

/// <summary>Keeps the first head of a range locked while it locks the last; a question does so the other way round.</summary>
[Strategy("p-two-heads", Status = StrategyStatus.Broken, Idea = "two lock bits in two orders", Source = "planted",
    Breaks = "lost wake-up", Needs = StrategyNeeds.AccessedBits)]
public sealed class TwoHeads<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool ClearYoung(GfnRange range) => Both(range.Start, Last(range), clears: true);

    public override bool TestYoung(GfnRange range) => Both(Last(range), range.Start, clears: false);

    private static Gfn Last(GfnRange range) => new(range.End.Value - 1);

    private bool Both(Gfn outer, Gfn inner, bool clears)
    {
        ref ulong head = ref Chains.HeadOf(outer);
        bool young = AgeFrame(ref head, clears);
        if (outer == inner) return young;
        ulong value = LockReadOnly(ref head);
        young |= AgeFrame(ref Chains.HeadOf(inner), clears);
        UnlockReadOnly(ref head, value);
        return young;
    }
}
