using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>rmap-lock</c>, and a pass locks empty heads as well.</summary>
/// <remarks>
/// <b>Source.</b> A port that overlooks rule R5 (reference 10.2).
/// <para><b>Wrong because.</b> A writer never locks an empty head: it has found it empty, and publishes its SPTE over the lock
/// bit; the pass then puts the empty head back, and the SPTE is on no chain (I29).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>rmap-lock</c>.</para>
/// </remarks>
[Strategy("rmap-lock-empty", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as rmap-lock; a pass locks empty heads, too",
    Source = "a port that overlooks rule R5",
    Breaks = "I29: a fault's first SPTE is overwritten when the pass unlocks (one vCPU faults while a pass is at its frame)")]
public sealed class RmapLockEmpty<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override ulong LockReadOnly(ref ulong head)
    {
        ulong empty = Vm.Machine.CompareExchange(ref head, RmapChains<TMachine>.Locked, 0);
        return empty == 0 ? 0 : base.LockReadOnly(ref head);
    }

    protected override void UnlockReadOnly(ref ulong head, ulong value) => Vm.Machine.Store(ref head, value);
}
