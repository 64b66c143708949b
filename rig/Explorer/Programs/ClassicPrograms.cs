namespace Lab.Explorer;

public sealed record ClassicProgram(string Name, string Story, int DefaultSize, int SizeMax, Func<int, Action<Scene>> Make);

/// <summary>Placeholder: the programs are written elsewhere.</summary>
public static class ClassicPrograms
{
    public static IReadOnlyList<ClassicProgram> All { get; } = [new("readers", "one writer, N readers", 2, 13, _ => _ => { })];
}
