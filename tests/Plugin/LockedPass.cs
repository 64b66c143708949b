using Lab.Mmu;
using Lab.Tests.Plugin;

[assembly: OffersStrategy(typeof(LockedPass<>))]

namespace Lab.Tests.Plugin;

/// <summary><b>Idea.</b> Every pass over the accessed bits holds mmu_lock exclusive: nothing that it looks at changes under
/// it.</summary>
/// <remarks>
/// <b>Source.</b> An example: an ageing scheme is its file and the line above. KVM on x86 before 6.15 did so.
/// <para><b>Runs beside.</b> Walks of the processor, which set accessed bits without a lock.</para>
/// <para><b>On return</b> every bit that was set when the pass came by is clear.</para>
/// <para><b>Pays.</b> Every vCPU that faults, for as long as a pass takes.</para>
/// </remarks>
[Strategy("locked-pass", Needs = StrategyNeeds.AccessedBits, Idea = "a pass over the accessed bits holds mmu_lock exclusive",
    Source = "example")]
public sealed class LockedPass<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
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
