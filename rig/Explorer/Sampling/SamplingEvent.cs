using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <summary>An event of a thread, as its body asks for it, and what came of it.</summary>
/// <remarks>Fences have the kind <see cref="OperationKind.Local"/>, interrupts <see cref="OperationKind.Everything"/>. A grace
/// period is two events: its beginning (operand 0) and its end (operand 1).</remarks>
internal struct SamplingEvent
{
    /// <summary>The word's address, or the number of the lock or domain.</summary>
    public nint Place;
    public ulong Operand;
    public ulong Comparand;

    /// <summary>What the body was told.</summary>
    public ulong Result;

    /// <summary>Number of the word; locks and domains are numbered after the words.</summary>
    public int Target;

    /// <summary>Steps of the execution made up to and with this one.</summary>
    public int Step;
    public OperationKind Kind;
    public Modification How;

    /// <summary>The body asks for the same thing again.</summary>
    public readonly bool IsSameRequest(in SamplingEvent other) =>
        Place == other.Place && Operand == other.Operand && Comparand == other.Comparand && Kind == other.Kind
        && How == other.How;
}
