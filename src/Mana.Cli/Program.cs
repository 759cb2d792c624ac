using Mana.Hosting;

Console.WriteLine("mana " + ServiceHost.Version);
return 0;
