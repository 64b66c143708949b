using Lab.Mmu;
using Lab.Strategies;

namespace Lab.Bench;

/// <summary>VMs of any catalogued strategy, on the real machine.</summary>
internal static class StrategyVm
{
    /// <summary>The strategies believed right, as the user types them. Broken ones and floors are not timed here.</summary>
    public static IEnumerable<string> SoundNames =>
        Catalogue.Roots.Where(member => !member.IsBroken && !member.IsBound).Select(member => member.Name);

    public static Vm<Metal> Create(string strategy, VmSettings settings) =>
        new(default, settings, Catalogue.Named(strategy).Design<Metal>());

    /// <param name="strategy">The open generic class.</param>
    /// <param name="settings">Of the VM.</param>
    public static Vm<Metal> Create(Type strategy, VmSettings settings) =>
        new(default, settings, Subject.Of([new Member(strategy)]).Design<Metal>());
}
