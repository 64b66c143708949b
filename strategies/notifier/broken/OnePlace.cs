using Lab.Mmu;

namespace Lab.Strategies.Notifier.Broken;

/// <summary><b>Idea.</b> As <c>always-count</c>, and the host's range is looked for in one memslot only.</summary>
/// <remarks>
/// <b>Source.</b> What the loop over all slots of kvm_handle_hva_range is there for: two slots may lie over the same memory.
/// <para><b>Wrong because.</b> The guest still reaches the memory through the other slot after the start has returned
/// (I5).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>always-count</c>, for one place.</para>
/// </remarks>
[Strategy("one-place", Status = StrategyStatus.Broken,
    Idea = "a start looks for the host's range in one memslot, though another may lie over the same memory",
    Source = "what kvm_handle_hva_range loops over all slots for",
    Breaks = "I5: the other slot still maps memory that the host takes (two slots over one memory)")]
public sealed class OnePlace<TMachine>(Vm<TMachine> vm) : AlwaysCount<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override IReadOnlyList<GfnRange> OtherPlaces(GfnRange range) => [];
}
