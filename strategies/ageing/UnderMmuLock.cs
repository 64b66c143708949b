using Lab.Mmu;

namespace Lab.Strategies.Ageing;

/// <summary><b>Idea.</b> A pass over the accessed bits holds mmu_lock exclusively, as any other notifier.</summary>
/// <remarks>
/// <b>Source.</b> Linux up to 6.14: kvm_mmu_age_gfn from kvm_handle_hva_range (reference 10.6).
/// <para><b>Runs beside.</b> No fault, no zap, no other pass: each waits for the whole range.</para>
/// <para><b>On return</b> no leaf of the range under a valid root was accessed, but for uses since the pass began.</para>
/// <para><b>Pays.</b> Every vCPU that faults meanwhile; and the pass, which waits for faults in flight.</para>
/// </remarks>
[Strategy("mmu-lock", Code = "A1", Needs = StrategyNeeds.AccessedBits,
    Idea = "a pass over the accessed bits holds mmu_lock exclusively",
    Source = "Linux up to 6.14")]
public sealed class UnderMmuLock<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool ClearYoung(GfnRange range)
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        bool young = ClearAccessed(range);
        Vm.Exit(hold);
        return young;
    }

    public override bool TestYoung(GfnRange range)
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        bool young = TestAccessed(range);
        Vm.Exit(hold);
        return young;
    }
}
