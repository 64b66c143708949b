using Lab.Explorer.Seam;

namespace Lab.Explorer.Graph;

/// <summary>Events in words.</summary>
internal static class EventText
{
    internal static string Of(in Event e, Locations locations, bool withValue = true)
    {
        string name = e.Location >= 0 ? locations.NameOf(e.Location) : "";
        string result = withValue ? $" = {Number(e.Value)}" : "";
        return e.Kind switch
        {
            EventKind.Fence => "fence",
            EventKind.Turn => "turn of a spin loop",
            EventKind.Write => e.IsAtomicWrite ? $"write {name} = {Number(e.Value)}" : $"store {name} = {Number(e.Value)}",
            _ => e.Purpose switch
            {
                ReadPurpose.Load => $"load {name}{result}",
                ReadPurpose.Exchange => $"exchange {name} := {Number(e.Operand)}{Found(e, withValue)}",
                ReadPurpose.CompareExchange =>
                    $"compare-exchange {name} {Number(e.Comparand)}→{Number(e.Operand)}{Found(e, withValue)}",
                ReadPurpose.Add => $"add {name} {(long)e.Operand:+0;-0;+0}{Found(e, withValue)}",
                ReadPurpose.Or => $"or {name} {Number(e.Operand)}{Found(e, withValue)}",
                ReadPurpose.And => $"and {name} {Number(e.Operand)}{Found(e, withValue)}",
                ReadPurpose.EnterExclusive => $"{Lock(e, withValue)} {name} exclusive",
                ReadPurpose.EnterShared => $"{Lock(e, withValue)} {name} shared",
                _ => withValue && e.Value != 0 ? $"wait for the end of {name}" : $"find no {name}",
            },
        };
    }

    private static string Lock(in Event e, bool withValue) =>
        withValue && Purposes.Blocks(e.Purpose, e.Value) ? "wait for lock" : "lock";

    private static string Found(in Event e, bool withValue) => withValue ? $" (found {Number(e.Value)})" : "";

    /// <summary>Small numbers in decimal, negative ones with their sign, others in hexadecimal.</summary>
    private static string Number(ulong value) =>
        value < 1 << 20 ? $"{value}" : (long)value is < 0 and > -(1 << 20) ? $"{(long)value}" : $"0x{value:X}";
}
