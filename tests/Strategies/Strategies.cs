using Lab.Mmu;
using Lab.Strategies;
using Lab.Strategies.Notifier;

namespace Lab.Tests.Strategies;

/// <summary>Makes VMs of any catalogued strategy for tests.</summary>
internal static class StrategyFixture
{
    public static IEnumerable<string> Sound => Names(StrategyStatus.Sound);

    public static IEnumerable<string> Broken => Names(StrategyStatus.Broken);

    public static Vm<Metal> NewVm(string strategy, VmSettings settings, Func<Vm<Metal>, IMmu>? mmu = null)
    {
        Type type = Catalogue.RootStrategies.Single(type => Card(type).Name == strategy).MakeGenericType(typeof(Metal));
        return new Vm<Metal>(default, settings, vm => (RootStrategy<Metal>)Activator.CreateInstance(type, vm)!, vm => new AlwaysCount<Metal>(vm), mmu);
    }

    public static StrategyAttribute Card(Type type) =>
        (StrategyAttribute)Attribute.GetCustomAttribute(type, typeof(StrategyAttribute))!;

    private static IEnumerable<string> Names(StrategyStatus status) =>
        Catalogue.RootStrategies.Select(Card).Where(card => card.Status == status).Select(card => card.Name);
}
