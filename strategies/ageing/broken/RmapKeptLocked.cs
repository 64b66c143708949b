using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>rmap-lock</c>, and a question that is answered returns at once.</summary>
/// <remarks>
/// <b>Source.</b> An early return that forgets the lock (reference 12, I29).
/// <para><b>Wrong because.</b> The first young SPTE ends the walk with the head locked: whoever comes next waits for ever
/// (I29).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>rmap-lock</c>, until then.</para>
/// </remarks>
[Strategy("rmap-kept-locked", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as rmap-lock; test_young returns from inside the lock",
    Source = "an early return",
    Breaks = "I29: the lock bit stays set (any question about a young page)")]
public sealed class RmapKeptLocked<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override bool AgeFrame(ref ulong head, bool clears)
    {
        if (clears) return base.AgeFrame(ref head, clears);
        ulong value = LockReadOnly(ref head);
        RmapChains<TMachine>.Walk walk = Chains.In(value);
        while (walk.MoveNext())
        {
            ulong spte = Vm.Machine.LoadRelaxed(ref walk.Current);
            if (Spte.IsPresent(spte) && (spte & Spte.Accessed) != 0) return true;
        }
        UnlockReadOnly(ref head, value);
        return false;
    }
}
