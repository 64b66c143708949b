using System.Reflection;
using Lab.Mmu;

namespace Lab.Strategies;

/// <summary>A variant that can be named: its card, its open generic class and the family that the class belongs to.</summary>
public sealed class Member
{
    private readonly Type _type;

    /// <param name="type">Open generic class with a <see cref="StrategyAttribute"/>, made for the VM that is its only
    /// argument.</param>
    /// <param name="folder">Where it comes from, if not from the family's own folder.</param>
    /// <exception cref="ArgumentException">It is not such a class; the message is a sentence.</exception>
    public Member(Type type, string? folder = null)
    {
        _type = type;
        Family = Family.Of(type) ?? throw NoMember(type);
        Card = type.GetCustomAttribute<StrategyAttribute>() ?? throw NoMember(type);
        bool isMadeForVm = type.IsGenericTypeDefinition && !type.IsAbstract
            && type.GetConstructors().Any(one => one.GetParameters() is [{ ParameterType: { IsGenericType: true } only }]
                && only.GetGenericTypeDefinition() == typeof(Vm<>));
        if (!isMadeForVm) throw NoMember(type);
        Folder = folder ?? OwnFolder;
    }

    public StrategyAttribute Card { get; }

    public Family Family { get; }

    public string Name => Card.Name;

    /// <summary>Where its code is: the catalogue's, or a plugin's.</summary>
    public Assembly Assembly => _type.Assembly;

    /// <summary>Folder of its source below <c>strategies/</c>, or "plugin".</summary>
    public string Folder { get; }

    public bool IsBroken => Card.Status == StrategyStatus.Broken;

    public bool IsBound => Card.Status == StrategyStatus.Bound;

    /// <summary>The running kernel does what the others do themselves.</summary>
    public bool NeedsKernel => Card.Needs is StrategyNeeds.KernelSlots or StrategyNeeds.KernelSlotsZappedAlone;

    private string OwnFolder => this switch
    {
        { IsBroken: true } => $"{Family.Name}/broken",
        { IsBound: true } => "bound",
        { NeedsKernel: true } when Family == Family.Roots => "kernel",
        _ => Family.Name,
    };

    /// <summary>The part itself, for a VM under construction.</summary>
    /// <typeparam name="TPart">The family's base class on this machine.</typeparam>
    /// <typeparam name="TMachine">How its code executes.</typeparam>
    public Func<Vm<TMachine>, TPart> Maker<TPart, TMachine>()
        where TMachine : struct, IMachine
    {
        // C# has no way to pass an open generic class as a type argument: this is the one place that makes members from their
        // type.
        Type type = _type.MakeGenericType(typeof(TMachine));
        return vm => (TPart)Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions, binder: null, [vm], culture: null)!;
    }

    public override string ToString() => Name;

    private static ArgumentException NoMember(Type type) => new(
        $"{type.Name} is no open generic class with a [Strategy] card that derives from "
            + $"{string.Join(", ", Family.All.Select(family => family.Base.Name.Split('`')[0] + "<TMachine>"))}"
        + " and is made from a Vm<TMachine>.");
}
