using Lab.Mmu;

namespace Lab.Strategies.Ageing;

/// <summary><b>Idea.</b> Nobody ages: the host takes memory without asking who uses it.</summary>
/// <remarks>
/// <b>Source.</b> A notifier without clear_young and test_young callbacks: whoever asks is told that nothing was used.
/// <para><b>Runs beside.</b> Everything: it does nothing.</para>
/// <para><b>On return</b> no accessed bit has changed.</para>
/// <para><b>Pays.</b> The guest, for pages that it uses and loses.</para>
/// </remarks>
[Strategy("none", Idea = "nobody ages: the host takes memory without asking who uses it",
    Source = "a notifier without ageing callbacks")]
public sealed class NoAgeing<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool Ages => false;

    public override bool ClearYoung(GfnRange range) => false;

    public override bool TestYoung(GfnRange range) => false;
}
