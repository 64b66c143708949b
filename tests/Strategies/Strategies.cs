using Lab.Hardware;
using Lab.Mmu;
using Lab.Strategies;
using Lab.Strategies.Notifier;

namespace Lab.Tests.Strategies;

/// <summary>Makes VMs of any catalogued strategy for tests.</summary>
internal static class StrategyFixture
{
    public static IEnumerable<string> Sound => Names(StrategyStatus.Sound);

    public static IEnumerable<string> Broken => Names(StrategyStatus.Broken);

    /// <param name="strategy">Name of any that is catalogued.</param>
    /// <param name="settings">Of the VM.</param>
    /// <param name="host">Makes the page tables; null for the radix ones.</param>
    public static Vm<Metal> NewVm(string strategy, VmSettings settings, IHardwareHost? host = null)
    {
        Type open = Catalogue.RootStrategies.Concat(Catalogue.KernelStrategies).Single(type => Card(type).Name == strategy);
        Type type = open.MakeGenericType(typeof(Metal));
        SlotUpdates updates = Card(open).Needs switch
        {
            StrategyNeeds.KernelSlots => SlotUpdates.Kernel,
            StrategyNeeds.KernelSlotsZappedAlone => SlotUpdates.KernelSlotAlone,
            _ => SlotUpdates.Lab,
        };
        Func<Vm<Metal>, IMmu>? mmu = host is null ? null : vm => host.NewMmu(vm, updates);
        return new Vm<Metal>(
            default, settings, vm => (RootStrategy<Metal>)Activator.CreateInstance(type, vm)!,
            vm => updates == SlotUpdates.Lab ? new AlwaysCount<Metal>(vm) : new KernelsOwn<Metal>(vm), mmu);
    }

    public static StrategyAttribute Card(Type type) =>
        (StrategyAttribute)Attribute.GetCustomAttribute(type, typeof(StrategyAttribute))!;

    private static IEnumerable<string> Names(StrategyStatus status) =>
        Catalogue.RootStrategies.Select(Card).Where(card => card.Status == status).Select(card => card.Name);
}
