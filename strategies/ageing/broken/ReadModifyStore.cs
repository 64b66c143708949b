using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>rmap-lock</c>, and the accessed bit is taken out by a load and a store.</summary>
/// <remarks>
/// <b>Source.</b> What a port does whose language has no atomic and (reference 12, I20).
/// <para><b>Wrong because.</b> Between the two somebody zaps the entry: the store revives it, and the guest goes on to use memory
/// that was given away. Or the processor sets the dirty bit, and it is lost (I20).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>rmap-lock</c>.</para>
/// </remarks>
[Strategy("read-modify-store", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as rmap-lock; the accessed bit is taken out by a load and a store",
    Source = "a port without an atomic and",
    Breaks = "I20: an entry that is zapped in between is revived (a notifier beside a pass)")]
public sealed class ReadModifyStore<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void TakeAccessed(ref ulong sptep, ulong spte) =>
        Vm.Machine.StoreRelaxed(ref sptep, spte & ~Spte.Accessed);
}
