using Lab.Hardware;
using Lab.Mmu;
using Lab.Strategies;

namespace Lab.Tests.Strategies;

/// <summary>Makes VMs of any catalogued strategy for tests.</summary>
internal static class StrategyFixture
{
    public static IEnumerable<string> Sound =>
        Catalogue.Roots.Where(member => !member.IsBroken && !member.IsBound).Select(member => member.Name);

    public static IEnumerable<string> Broken => Catalogue.Roots.Where(member => member.IsBroken).Select(member => member.Name);

    /// <param name="strategy">Name of any that is catalogued, as <c>mainline</c> or <c>mainline+always-count</c>.</param>
    /// <param name="settings">Of the VM.</param>
    /// <param name="host">Makes the page tables; null for the radix ones.</param>
    public static Vm<Metal> NewVm(string strategy, VmSettings settings, IHardwareHost? host = null)
    {
        Subject subject = Catalogue.Named(strategy);
        return new Vm<Metal>(default, settings,
            subject.Design<Metal>(host is null ? null : vm => host.NewMmu(vm, subject.SlotUpdates)));
    }

    /// <summary>Roots of a test, and around them what is the default.</summary>
    public static VmDesign<TMachine> With<TMachine>(Func<Vm<TMachine>, RootStrategy<TMachine>> roots)
        where TMachine : struct, IMachine => Catalogue.Named("mainline").Design<TMachine>() with { Roots = roots };
}
