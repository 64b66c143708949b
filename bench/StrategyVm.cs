using Lab.Mmu;
using Lab.Strategies;
using Lab.Strategies.Notifier;

namespace Lab.Bench;

/// <summary>VMs of any catalogued strategy, on the real machine.</summary>
internal static class StrategyVm
{
    /// <summary>The strategies believed right, as the user types them. Broken ones and floors are not timed here.</summary>
    public static IEnumerable<string> SoundNames =>
        Catalogue.RootStrategies.Select(Card).Where(card => card.Status == StrategyStatus.Sound).Select(card => card.Name);

    public static Vm<Metal> Create(string strategy, VmSettings settings)
    {
        Type type = Catalogue.RootStrategies.Single(type => Card(type).Name == strategy).MakeGenericType(typeof(Metal));
        return new Vm<Metal>(
            default, settings, vm => (RootStrategy<Metal>)Activator.CreateInstance(type, vm)!, vm => new AlwaysCount<Metal>(vm));
    }

    private static StrategyAttribute Card(Type type) =>
        (StrategyAttribute)Attribute.GetCustomAttribute(type, typeof(StrategyAttribute))!;
}
